// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Collects row references first and fetches once: a page far into a large answer copies only the
// page. Without an order and with one partition, collecting stops as soon as the page is full.
#include "search/query.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "search/keys.h"
#include "segment/gather.h"

namespace dipper {
namespace {

void collectRows(const SegmentWork& work, uint64_t rowsMax, std::vector<RowRef>& out) {
  const Segment* const segment = &work.reader.segment();
  if (work.candidates.all) {
    for (uint32_t row = 0; row < work.reader.rowCount() && out.size() < rowsMax; row++) {
      out.push_back({segment, row});
    }
    return;
  }
  const Bitmap& rows = work.candidates.rows;
  for (size_t i = 0; i < rows.wordCount(); i++) {
    for (uint64_t word = rows.words()[i]; word != 0; word &= word - 1) {
      if (out.size() >= rowsMax) return;
      out.push_back({segment, static_cast<uint32_t>(i * 64 + std::countr_zero(word))});
    }
  }
}

void dropOlderVersions(std::vector<RowRef>& rows) {
  std::unordered_map<KeyRef, size_t, KeyHasher> newest;
  const auto stampOf = [&](size_t i) { return rows[i].segment->timestampOf(rows[i].row); };
  for (size_t i = 0; i < rows.size(); i++) {
    const auto [entry, added] = newest.try_emplace(rows[i].segment->keyOf(rows[i].row), i);
    if (!added && stampOf(i) > stampOf(entry->second)) entry->second = i;
  }
  if (newest.size() == rows.size()) return;
  std::vector<RowRef> kept;
  for (size_t i = 0; i < rows.size(); i++) {
    if (newest.at(rows[i].segment->keyOf(rows[i].row)) == i) kept.push_back(rows[i]);
  }
  rows = std::move(kept);
}

void orderByKey(std::vector<RowRef>& rows, uint64_t rowsMax) {
  struct Keyed {
    KeyRef key;
    RowRef ref;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(rows.size());
  for (const RowRef& ref : rows) keyed.push_back({ref.segment->keyOf(ref.row), ref});
  const size_t sortedCount = static_cast<size_t>(std::min<uint64_t>(rowsMax, keyed.size()));
  std::partial_sort(keyed.begin(), keyed.begin() + static_cast<ptrdiff_t>(sortedCount), keyed.end(),
                    [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
  rows.resize(sortedCount);
  for (size_t i = 0; i < sortedCount; i++) rows[i] = keyed[i].ref;
}

}  // namespace

Status query(const QueryRequest& request, QueryResult& out) {
  if (request.scope.pins.empty()) {
    return invalidField("parameter-invalid", "pins", "at least one", "none");
  }
  std::vector<SegmentWork> work;
  const Liveness liveness = request.countOnly ? Liveness::counted : Liveness::visible;
  Status status = prepareWork(request.scope, liveness, work);
  if (!status.ok()) return status;
  if (request.countOnly) {
    for (const SegmentWork& item : work) out.rowCount += item.candidates.count;
    return status;
  }
  const uint64_t pageEnd = request.limit == 0 ? UINT64_MAX : request.offset + request.limit;
  const bool mayRepeat = spansPartitions(work);
  const bool needsAll = mayRepeat || request.orderByKey;
  std::vector<RowRef> rows;
  for (const SegmentWork& item : work) collectRows(item, needsAll ? UINT64_MAX : pageEnd, rows);
  if (mayRepeat) dropOlderVersions(rows);
  if (request.orderByKey) orderByKey(rows, pageEnd);
  if (rows.size() > pageEnd) rows.resize(pageEnd);
  rows.erase(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(
                                              std::min<uint64_t>(request.offset, rows.size())));
  out.rowCount = rows.size();
  if (request.outputFieldIds.empty()) return status;
  out.hasRows = true;
  GatherLimits limits;
  limits.bytesMax = request.resultBytesMax;
  return gatherRows(request.scope.schema(), rows, request.outputFieldIds, limits, out.rows);
}

}  // namespace dipper
