// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A segment's delete file: every (row, stamp, kind) up to some stamp, in time order, so that any
// reader of the Parquet files can leave deleted rows out, AS OF any time.
//
//   header, 64 bytes
//     0 u32 magic 'DDL1'   4 u32 version 1   8 u32 row count of the segment   12 u32 entry count
//    16 u32 CRC32C of the entries            20.. zero
//   entries, 16 bytes each
//     0 u64 stamp   8 u32 row   12 u8 kind (1 delete, 2 shadow)   13.. zero
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "segment/delete-state.h"

namespace dipper {

/** sealedRow (or null) renames the rows of a frozen segment to those of its sealed form. */
std::vector<uint8_t> writeDeleteImage(const DeleteState& deletes, uint32_t entryCount,
                                      uint32_t rowCount, const std::vector<uint32_t>* sealedRow);

/** Entries with a stamp up to this one: a prefix, since stamps ascend. */
uint32_t entriesThrough(const DeleteState& deletes, uint64_t timestamp);

/** Checks an image and applies it to the delete state of a segment with rowCount rows. */
Status readDeleteImage(const uint8_t* image, uint64_t sizeBytes, uint32_t rowCount,
                       DeleteState& deletes);

}  // namespace dipper
