// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the executor works on at a time: up to 8,192 rows that lie in one chunk of every column
// the program reads, and masks over them. A mask's bit 0 is the batch's first row, whatever that
// row's number in the segment is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "segment/columns.h"

namespace dipper {

constexpr uint32_t batchRows = 8192;
constexpr size_t batchWords = batchRows / 64;

/** One bit a row of a batch. Bits past the batch's rows are zero. */
using MaskWords = uint64_t[batchWords];

/** A predicate's answer: truth is a subset of known. */
struct TruthMask {
  MaskWords truth;
  MaskWords known;
};

/** A field's column at the current batch. */
class ColumnSlot {
 public:
  explicit ColumnSlot(const Field& field) : field_(&field) {}

  /** Moves to the chunk that holds `row`; returns the first row that it does not hold. */
  uint32_t moveTo(const SegmentColumns& columns, uint32_t row, uint32_t rowEnd);
  const Field& field() const { return *field_; }
  /** Validity bits of the batch at `row`: all ones, none, or the column's. */
  void validity(uint32_t row, uint32_t rowCount, uint64_t* words) const;
  bool present(uint32_t row) const {
    if (absent_) return field_->hasDefault;
    const uint32_t at = row - chunk_.firstRow;
    return chunk_.validity == nullptr || ((chunk_.validity[at >> 3] >> (at & 7)) & 1);
  }
  /** Values from `row` on; the field must be of fixed width. */
  template <typename T>
  const T* values(uint32_t row) const {
    if (absent_) return reinterpret_cast<const T*>(defaults_.data());
    return reinterpret_cast<const T*>(chunk_.data) + (row - chunk_.firstRow);
  }
  std::string_view text(uint32_t row) const {
    if (absent_) return field_->defaultValue;
    const uint32_t* const offsets = chunk_.offsets + (row - chunk_.firstRow);
    return {reinterpret_cast<const char*>(chunk_.data) + offsets[0], offsets[1] - offsets[0]};
  }

 private:
  void fillDefaults();

  const Field* field_;
  ColumnChunk chunk_;
  bool absent_ = false;
  std::vector<uint64_t> defaults_;  // a batch of the default, for columns that are not there
};

/** Sets the first `rowCount` bits, clears the rest of their last word. */
void fillWords(uint64_t* words, uint32_t rowCount);

}  // namespace dipper
