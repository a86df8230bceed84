// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// How the filter executor and the fetcher see a segment's columns, growing or sealed: runs of
// rows ("chunks") in RowBatch's own column layout. Nothing is copied; pointers are valid while
// the pinned view is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "segment/schema.h"

namespace dipper {

/** One column over the rows [firstRow, firstRow + rowCount) of a segment. */
struct ColumnChunk {
  // Fixed width: rowCount values; else the bytes that offsets point into.
  const uint8_t* data = nullptr;
  const uint32_t* offsets = nullptr;  // rowCount + 1 entries for variable width, else null
  const uint8_t* validity = nullptr;  // LSB first, 1 = present; null = all present
  uint32_t firstRow = 0;
  uint32_t rowCount = 0;
};

class SegmentColumns {
 public:
  virtual ~SegmentColumns() = default;
  virtual const Schema& schema() const = 0;
  /** Rows this reader may see: fixed when the reader was made, however much the writer appends. */
  virtual uint32_t rowCount() const = 0;
  /**
   * The chunk of a field that holds `row` (row < rowCount()); its rowCount is cut to the visible
   * rows. False when the segment has no such column: every row is null (or the field's default).
   */
  virtual bool column(uint32_t fieldId, uint32_t row, ColumnChunk& out) const = 0;
};

}  // namespace dipper
