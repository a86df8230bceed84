// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Writes and reads delete files; see the header for the layout.
#include "segment/delete-image.h"

#include <cstring>

#include "base/crc32c.h"

namespace dipper {
namespace {

constexpr uint32_t magic = 0x314c4444;  // 'DDL1'
constexpr uint32_t version = 1;
constexpr uint64_t headerBytes = 64;

struct Header {
  uint32_t magic;
  uint32_t version;
  uint32_t rowCount;
  uint32_t entryCount;
  uint32_t crc;
};

struct StoredEntry {
  uint64_t timestamp;
  uint32_t row;
  uint8_t kind;
  uint8_t zero[3];
};
static_assert(sizeof(StoredEntry) == 16);

Status corrupt(const char* what) {
  return Status(ErrorKind::corrupt, "corrupt", std::string("delete image: ") + what);
}

}  // namespace

uint32_t entriesThrough(const DeleteState& deletes, uint64_t timestamp) {
  uint32_t low = 0;
  uint32_t high = deletes.entryCount();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (deletes.entry(middle).timestamp <= timestamp) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::vector<uint8_t> writeDeleteImage(const DeleteState& deletes, uint32_t entryCount,
                                      uint32_t rowCount, const std::vector<uint32_t>* sealedRow) {
  std::vector<uint8_t> image(headerBytes + sizeof(StoredEntry) * entryCount);
  for (uint32_t i = 0; i < entryCount; i++) {
    const HideEntry entry = deletes.entry(i);
    const uint32_t row = sealedRow == nullptr ? entry.row : (*sealedRow)[entry.row];
    const StoredEntry stored{entry.timestamp, row, static_cast<uint8_t>(entry.kind), {}};
    std::memcpy(image.data() + headerBytes + sizeof stored * i, &stored, sizeof stored);
  }
  const uint32_t crc = crc32c(image.data() + headerBytes, image.size() - headerBytes, 0);
  const Header header{magic, version, rowCount, entryCount, crc};
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

Status readDeleteImage(const uint8_t* image, uint64_t sizeBytes, uint32_t rowCount,
                       DeleteState& deletes) {
  Header header;
  if (sizeBytes < headerBytes) return corrupt("shorter than its header");
  std::memcpy(&header, image, sizeof header);
  if (header.magic != magic) return corrupt("bad magic");
  if (header.version != version) return corrupt("unknown version");
  if (header.rowCount != rowCount) return corrupt("row count differs from the segment's");
  const uint64_t entryBytes = sizeof(StoredEntry) * uint64_t{header.entryCount};
  if (sizeBytes - headerBytes < entryBytes) return corrupt("shorter than its entries");
  if (crc32c(image + headerBytes, entryBytes, 0) != header.crc)
    return corrupt("checksum does not fit");
  Status status = deletes.reserveEntries(header.entryCount);
  if (!status.ok()) return status;
  uint64_t previous = 0;
  for (uint32_t i = 0; i < header.entryCount; i++) {
    StoredEntry entry;
    std::memcpy(&entry, image + headerBytes + sizeof entry * i, sizeof entry);
    if (entry.row >= rowCount) return corrupt("row beyond the segment");
    if (entry.kind != 1 && entry.kind != 2) return corrupt("unknown kind");
    if (entry.timestamp < previous) return corrupt("stamps do not ascend");
    previous = entry.timestamp;
    deletes.hide(entry.row, entry.timestamp, static_cast<HideKind>(entry.kind));
  }
  return status;
}

}  // namespace dipper
