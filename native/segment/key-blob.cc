// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Builds and opens key blobs; see the header for the layout.
#include "segment/key-blob.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "base/crc32c.h"
#include "segment/row-batch.h"

namespace dipper {
namespace {

constexpr uint32_t magic = 0x31424b44;  // 'DKB1'
constexpr uint32_t version = 1;
constexpr uint64_t headerBytes = 64;

struct Header {
  uint32_t magic;
  uint32_t version;
  uint32_t rowCount;
  uint32_t bucketBits;
  uint32_t crc;
};

struct Places {
  uint64_t hashesAt;
  uint64_t rowsAt;
  uint64_t totalBytes;

  Places(uint64_t rowCount, uint32_t bucketBits) {
    hashesAt = headerBytes + alignUp(4 * ((uint64_t{1} << bucketBits) + 1));
    rowsAt = hashesAt + alignUp(8 * rowCount);
    totalBytes = rowsAt + alignUp(4 * rowCount);
  }
};

uint64_t bucketOf(uint64_t hash, uint32_t bits) { return bits == 0 ? 0 : hash >> (64 - bits); }

Status corrupt(const char* what) {
  return Status(ErrorKind::corrupt, "corrupt", std::string("key blob: ") + what);
}

}  // namespace

Status KeyBlob::build(const std::vector<uint64_t>& hashes, MemoryClass kind, Block& image) {
  const uint32_t rowCount = static_cast<uint32_t>(hashes.size());
  const uint32_t bits = std::bit_width(rowCount / 4);
  const Places places(rowCount, bits);
  Status status = Block::allocate(kind, places.totalBytes, image);
  if (!status.ok()) return status;
  uint32_t* const starts = reinterpret_cast<uint32_t*>(image.data() + headerBytes);
  uint64_t* const sorted = reinterpret_cast<uint64_t*>(image.data() + places.hashesAt);
  uint32_t* const rows = reinterpret_cast<uint32_t*>(image.data() + places.rowsAt);
  std::iota(rows, rows + rowCount, 0u);
  std::sort(rows, rows + rowCount, [&](uint32_t a, uint32_t b) {
    return hashes[a] != hashes[b] ? hashes[a] < hashes[b] : a < b;
  });
  for (uint32_t i = 0; i < rowCount; i++) {
    sorted[i] = hashes[rows[i]];
    starts[bucketOf(sorted[i], bits) + 1]++;
  }
  for (uint64_t bucket = 0; bucket < uint64_t{1} << bits; bucket++)
    starts[bucket + 1] += starts[bucket];
  const uint32_t crc = crc32c(image.data() + headerBytes, places.totalBytes - headerBytes, 0);
  const Header header{magic, version, rowCount, bits, crc};
  std::memcpy(image.data(), &header, sizeof header);
  return status;
}

Status KeyBlob::open(const uint8_t* image, uint64_t sizeBytes, uint32_t rowCount, KeyBlob& out) {
  if (sizeBytes < headerBytes) return corrupt("shorter than its header");
  if (reinterpret_cast<uintptr_t>(image) % 8 != 0) return corrupt("not aligned");
  Header header;
  std::memcpy(&header, image, sizeof header);
  if (header.magic != magic) return corrupt("bad magic");
  if (header.version != version) return corrupt("unknown version");
  if (header.rowCount != rowCount) return corrupt("row count differs from the segment's");
  if (header.bucketBits > 32) return corrupt("bucket bits out of range");
  const Places places(rowCount, header.bucketBits);
  if (places.totalBytes > sizeBytes) return corrupt("shorter than its tables");
  if (crc32c(image + headerBytes, places.totalBytes - headerBytes, 0) != header.crc) {
    return corrupt("checksum does not fit");
  }
  out.rowCount_ = rowCount;
  out.bucketBits_ = header.bucketBits;
  out.starts_ = reinterpret_cast<const uint32_t*>(image + headerBytes);
  out.hashes_ = reinterpret_cast<const uint64_t*>(image + places.hashesAt);
  out.rows_ = reinterpret_cast<const uint32_t*>(image + places.rowsAt);
  const uint64_t bucketCount = uint64_t{1} << header.bucketBits;
  if (out.starts_[0] != 0 || out.starts_[bucketCount] != rowCount)
    return corrupt("buckets do not fit");
  for (uint64_t i = 0; i < bucketCount; i++) {
    if (out.starts_[i] > out.starts_[i + 1]) return corrupt("buckets do not ascend");
  }
  for (uint32_t i = 0; i < rowCount; i++) {
    if (out.rows_[i] >= rowCount) return corrupt("row beyond the segment");
    if (i > 0 && out.hashes_[i - 1] > out.hashes_[i]) return corrupt("hashes do not ascend");
  }
  return Status();
}

}  // namespace dipper
