// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rows picked from segments, in any order, as one row batch: the late fetch of a search's
// winners, the answer of a query, and the sorted base of a sealed segment are the same work.
#pragma once

#include <cstdint>
#include <vector>

#include "base/alloc.h"
#include "base/status.h"
#include "segment/row-batch.h"
#include "segment/segment.h"

namespace dipper {

struct RowRef {
  const Segment* segment;
  uint32_t row;
};

struct GatherLimits {
  uint64_t bytesMax = rowBatchBytesMax;  // a larger answer is refused: 'result-too-large'
  MemoryClass kind = MemoryClass::scratch;
};

/**
 * Gathers columns (field ids of the schema, or timestampFieldId; ascending, no duplicates) of rows
 * into `out`. A segment without a column gives the field's default, or null.
 */
Status gatherRows(const Schema& schema, const std::vector<RowRef>& rows,
                  const std::vector<uint32_t>& fieldIds, const GatherLimits& limits, Block& out);

}  // namespace dipper
