// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The filter executor's door: a program compiled by src/expr, evaluated over a segment's visible
// rows into two bitmaps, `truth` and `known` (strong Kleene logic: a row is unknown when known is
// 0, and then truth is 0 too). A row passes only where both are 1.
#pragma once

#include <memory>

#include "base/bitmap.h"
#include "base/cancel.h"
#include "base/status.h"
#include "segment/columns.h"

namespace dipper {

class FilterProgram {
 public:
  virtual ~FilterProgram() = default;

  /** Checks magic, version, bounds, stack depth and field types; keeps a copy of the bytes. */
  static Status parse(const uint8_t* bytes, size_t sizeBytes, const Schema& schema,
                      std::shared_ptr<const FilterProgram>& out);

  /**
   * Evaluates over columns.rowCount() rows. `active` (null = all) may be used to skip rows that
   * cannot answer anyway; results for inactive rows are unspecified but within bounds.
   */
  virtual Status evaluate(const SegmentColumns& columns, const Bitmap* active,
                          const CancelFlag* cancel, Bitmap& truth, Bitmap& known) const = 0;
};

}  // namespace dipper
