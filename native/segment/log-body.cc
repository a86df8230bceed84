// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Walks and frames log bodies.
#include "segment/log-body.h"

#include <cstring>

namespace dipper {
namespace {

constexpr uint32_t magic = 0x31424c44;  // 'DLB1'

template <typename T>
T load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

Status corrupt(const char* what) {
  return Status(ErrorKind::corrupt, "corrupt", std::string("log body: ") + what);
}

}  // namespace

Status parseLogBody(const uint8_t* body, size_t sizeBytes, std::vector<LogSection>& out) {
  out.clear();
  if (sizeBytes < bodyHeadBytes || load<uint32_t>(body) != magic) return corrupt("bad magic");
  const uint32_t sectionCount = load<uint32_t>(body + 4);
  uint64_t next = bodyHeadBytes;
  for (uint32_t i = 0; i < sectionCount; i++) {
    if (sizeBytes - next < sectionHeadBytes) return corrupt("section beyond its bytes");
    const uint8_t* const head = body + next;
    const uint64_t batchBytes = load<uint64_t>(head + 16);
    if (batchBytes > sizeBytes - next - sectionHeadBytes || batchBytes % regionAlignment != 0) {
      return corrupt("section beyond its bytes");
    }
    if (head[0] != 1 && head[0] != 2) return corrupt("unknown section kind");
    LogSection section{static_cast<SectionKind>(head[0]), load<uint64_t>(head + 8), {}};
    Status status = RowBatchView::parse(head + sectionHeadBytes, batchBytes, section.batch);
    if (!status.ok()) return status;
    if (section.batch.rowCount() != load<uint32_t>(head + 4)) return corrupt("wrong row count");
    out.push_back(std::move(section));
    next += sectionHeadBytes + batchBytes;
  }
  return Status();
}

void writeBodyHead(uint8_t* target, uint32_t sectionCount) {
  std::memset(target, 0, bodyHeadBytes);
  std::memcpy(target, &magic, 4);
  std::memcpy(target + 4, &sectionCount, 4);
}

void writeSectionHead(uint8_t* target, SectionKind kind, uint32_t rowCount, uint64_t partitionId,
                      uint64_t batchBytes) {
  std::memset(target, 0, sectionHeadBytes);
  target[0] = static_cast<uint8_t>(kind);
  std::memcpy(target + 4, &rowCount, 4);
  std::memcpy(target + 8, &partitionId, 8);
  std::memcpy(target + 16, &batchBytes, 8);
}

}  // namespace dipper
