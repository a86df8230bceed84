// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A sealed segment's primary keys by hash: an immutable file image, searched in place. Hashes are
// uniform, so a table over their leading bits leads straight to a bucket of about four entries.
//
//   header, 64 bytes
//     0 u32 magic 'DKB1'   4 u32 version 1   8 u32 row count   12 u32 bucket bits b
//    16 u32 CRC32C of everything after the header              20.. zero
//   u32 bucket starts, 2^b + 1 (padded to 64)
//   u64 hashes ascending, row count (padded to 64)
//   u32 rows, row count (padded to 64); equal hashes in ascending row order
#pragma once

#include <cstdint>
#include <vector>

#include "base/alloc.h"
#include "base/status.h"
#include "segment/key.h"

namespace dipper {

class KeyBlob {
 public:
  /** Builds the image of rows 0.. with these hashes. */
  static Status build(const std::vector<uint64_t>& hashes, MemoryClass kind, Block& image);
  /** Checks header, CRC, order and every row number; the bytes must be 8-byte aligned and stay. */
  static Status open(const uint8_t* image, uint64_t sizeBytes, uint32_t rowCount, KeyBlob& out);

  /** Rows with this hash; the caller compares the raw keys. */
  template <typename Visit>
  void find(uint64_t hash, const Visit& visit) const {
    if (rowCount_ == 0) return;
    const uint64_t bucket = bucketBits_ == 0 ? 0 : hash >> (64 - bucketBits_);
    for (uint32_t i = starts_[bucket]; i < starts_[bucket + 1] && hashes_[i] <= hash; i++) {
      if (hashes_[i] == hash) visit(rows_[i]);
    }
  }

 private:
  uint32_t rowCount_ = 0;
  uint32_t bucketBits_ = 0;
  const uint32_t* starts_ = nullptr;
  const uint64_t* hashes_ = nullptr;
  const uint32_t* rows_ = nullptr;
};

}  // namespace dipper
