// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Candidates of each segment. A segment without deletes, without newer rows and without a filter
// costs nothing here: no bitmap is made.
#include "search/reader.h"

#include <algorithm>

namespace dipper {
namespace {

Status findCandidates(const SegmentReader& reader, uint64_t timestamp, Liveness liveness,
                      const ReadScope& scope, Candidates& out) {
  const Segment& segment = reader.segment();
  const uint32_t rowCount = reader.rowCount();
  const bool clipped = segment.newerThan(timestamp);
  const bool allLive = !clipped && segment.deletes.entryCount() == 0;
  out.all = allLive && scope.program == nullptr;
  out.count = rowCount;
  if (out.all) return Status();
  if (!allLive) {
    out.rows.reset(rowCount, true);
    if (clipped) {
      for (uint32_t row = 0; row < rowCount; row++) {
        if (segment.timestampOf(row) > timestamp) out.rows.clear(row);
      }
    }
    segment.deletes.subtract(timestamp, liveness == Liveness::counted, out.rows);
  }
  if (scope.program != nullptr) {
    Bitmap truth;
    Bitmap known;
    const Bitmap* const active = allLive ? nullptr : &out.rows;
    Status status = scope.program->evaluate(reader, active, scope.cancel, truth, known);
    if (!status.ok()) return status;
    truth.andWith(known);
    if (allLive) {
      out.rows = std::move(truth);
    } else {
      out.rows.andWith(truth);
    }
  }
  out.count = out.rows.count();
  return Status();
}

bool wanted(const ReadScope& scope, const Segment& segment) {
  if (scope.ignoreGrowing && segment.state() != SegmentState::sealed) return false;
  if (!scope.somePartitions) return true;
  return std::find(scope.partitionIds.begin(), scope.partitionIds.end(), segment.partitionId()) !=
         scope.partitionIds.end();
}

}  // namespace

Status prepareWork(const ReadScope& scope, Liveness liveness, std::vector<SegmentWork>& out) {
  for (const Pin& pin : scope.pins) {
    for (const auto& segment : pin.segments) {
      if (!wanted(scope, *segment)) continue;
      if (scope.cancel != nullptr && scope.cancel->raised()) {
        return Status(ErrorKind::cancelled, "cancelled", "the call was cancelled");
      }
      SegmentReader reader(*segment, segment->visibleRows(pin.timestamp));
      if (reader.rowCount() == 0) continue;
      Candidates candidates;
      Status status = findCandidates(reader, pin.timestamp, liveness, scope, candidates);
      if (!status.ok()) return status;
      if (candidates.count > 0) out.push_back({reader, std::move(candidates)});
    }
  }
  return Status();
}

bool spansPartitions(const std::vector<SegmentWork>& work) {
  for (const SegmentWork& item : work) {
    if (item.reader.segment().partitionId() != work.front().reader.segment().partitionId()) {
      return true;
    }
  }
  return false;
}

}  // namespace dipper
