// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One segment as one call sees it: the rows up to its time, which of them are alive and pass the
// filter. Made once a call and segment, however many queries the call carries.
#pragma once

#include <memory>
#include <vector>

#include "base/cancel.h"
#include "filter/filter.h"
#include "segment/segment.h"
#include "segment/shard.h"

namespace dipper {

class SegmentReader final : public SegmentColumns {
 public:
  SegmentReader(const Segment& segment, uint32_t visibleRows)
      : segment_(&segment), visibleRows_(visibleRows) {}

  const Segment& segment() const { return *segment_; }
  const Schema& schema() const override { return segment_->schema(); }
  uint32_t rowCount() const override { return visibleRows_; }
  bool column(uint32_t fieldId, uint32_t row, ColumnChunk& out) const override {
    return segment_->column(fieldId, row, visibleRows_, out);
  }

 private:
  const Segment* segment_;
  uint32_t visibleRows_;
};

/** Rows of a segment that may answer. */
struct Candidates {
  bool all = false;  // every visible row; `rows` is then empty
  Bitmap rows;
  size_t count = 0;

  const Bitmap* bitmap() const { return all ? nullptr : &rows; }
  bool test(uint32_t row) const { return all || rows.test(row); }
};

enum class Liveness { visible, counted };  // counted: shadowed rows too, as count(*) wants

struct SegmentWork {
  SegmentReader reader;
  Candidates candidates;
};

/** What search and query have in common. */
struct ReadScope {
  std::vector<Pin> pins;
  std::shared_ptr<const FilterProgram> program;  // null = no filter
  bool somePartitions = false;
  std::vector<uint64_t> partitionIds;  // used when somePartitions
  bool ignoreGrowing = false;
  const CancelFlag* cancel = nullptr;

  const Schema& schema() const { return *pins.front().schema; }
};

/** Chooses segments and evaluates liveness and filter; segments without a candidate are left out.
 */
Status prepareWork(const ReadScope& scope, Liveness liveness, std::vector<SegmentWork>& out);

/** True when a key may be alive twice, once in each of two partitions: the newest row then wins. */
bool spansPartitions(const std::vector<SegmentWork>& work);

}  // namespace dipper
