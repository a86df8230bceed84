// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Ties break by the smaller primary key, so that a search's answer does not depend on which
// segment a row happens to lie in. Sealed rows are sorted by key, so there the smaller row is the
// smaller key; growing rows compare their keys.
#include "search/search.h"

#include <algorithm>
#include <unordered_map>

#include "segment/gather.h"

namespace dipper {
namespace {

struct Found {
  float key;
  const Segment* segment;
  uint32_t row;
  KeyRef primaryKey;
};

const char* metricName(Metric metric) {
  static const char* const names[] = {"none", "L2", "IP", "COSINE"};
  return names[static_cast<size_t>(metric)];
}

Status checkRequest(const SearchRequest& request, const Field*& field) {
  if (request.scope.pins.empty()) {
    return invalidField("parameter-invalid", "pins", "at least one", "none");
  }
  field = request.scope.schema().byId(request.fieldId);
  if (field == nullptr) {
    return invalidField("field-unknown", std::to_string(request.fieldId), "a field of the schema",
                        "its id");
  }
  if (field->type != DataType::floatVector) {
    if (isVector(field->type)) {
      return Status(ErrorKind::invalid, "unimplemented",
                    "field " + field->name + ": search on " + dataTypeName(field->type));
    }
    return invalidField("field-type", field->name, "a vector field", dataTypeName(field->type));
  }
  const uint64_t rowBytes = fixedWidth(field->type, field->dim);
  if (request.queryCount > 0 && request.queries.size() != rowBytes * request.queryCount) {
    return invalidField("vector-dimension", field->name, std::to_string(field->dim),
                        std::to_string(request.queries.size() / request.queryCount / 4));
  }
  const auto* const bits = reinterpret_cast<const uint32_t*>(request.queries.data());
  for (size_t i = 0; i < request.queries.size() / 4; i++) {
    if ((bits[i] & 0x7f800000) == 0x7f800000) {
      return invalidField("value-nan", field->name, "finite numbers", "NaN or infinity");
    }
  }
  return Status();
}

/** Rows whose vector is null cannot answer. */
void leaveOutNulls(const Field& field, SegmentWork& work) {
  const uint32_t rowCount = work.reader.rowCount();
  ColumnChunk chunk;
  for (uint32_t row = 0; row < rowCount; row = chunk.firstRow + chunk.rowCount) {
    if (!work.reader.column(field.id, row, chunk)) {
      work.candidates = Candidates();  // older than the field: all null
      return;
    }
    if (chunk.validity == nullptr) continue;
    if (work.candidates.all) {
      work.candidates.rows.reset(rowCount, true);
      work.candidates.all = false;
    }
    for (uint32_t i = 0; i < chunk.rowCount; i++) {
      if (!bitAt(chunk.validity, i)) work.candidates.rows.clear(chunk.firstRow + i);
    }
  }
  if (!work.candidates.all) work.candidates.count = work.candidates.rows.count();
}

class SegmentSearcher {
 public:
  SegmentSearcher(const SearchRequest& request, const Field& field)
      : request_(request), field_(field) {}

  Status run(const SegmentWork& work, const float* query, uint32_t k,
             std::vector<Hit>& best) const {
    best.clear();
    IndexSearch search;
    search.k = k;
    search.ef = request_.ef;
    search.candidates = work.candidates.bitmap();
    search.candidateCount = work.candidates.count;
    search.cancel = request_.scope.cancel;
    const Segment& segment = work.reader.segment();
    ColumnChunk chunk;
    const std::shared_ptr<VectorIndex> index = segment.indexOf(field_.id);
    if (index != nullptr && index->rowCount() == work.reader.rowCount()) {
      if (!work.reader.column(field_.id, 0, chunk)) return Status();
      if (index->metric() != request_.metric) {
        return invalidField("metric-mismatch", field_.name, metricName(index->metric()),
                            metricName(request_.metric));
      }
      return index->search(rowsOf(chunk), query, search, best);
    }
    const bool sorted = segment.state() == SegmentState::sealed;
    const TieBreak tie = sorted ? TieBreak() : [&segment](uint32_t a, uint32_t b) {
      return segment.keyOf(a) < segment.keyOf(b);
    };
    const uint32_t rowCount = work.reader.rowCount();
    for (uint32_t row = 0; row < rowCount; row = chunk.firstRow + chunk.rowCount) {
      if (!work.reader.column(field_.id, row, chunk)) return Status();
      Status status =
          flatSearch(rowsOf(chunk), request_.metric, query, chunk.firstRow, search, tie, best);
      if (!status.ok()) return status;
    }
    return Status();
  }

 private:
  VectorRows rowsOf(const ColumnChunk& chunk) const {
    return {reinterpret_cast<const float*>(chunk.data), chunk.rowCount, field_.dim};
  }

  const SearchRequest& request_;
  const Field& field_;
};

/** Keeps the newest row of each key, whatever its score; returns how many rows went. */
size_t dropOlderVersions(std::vector<Found>& found) {
  std::unordered_map<KeyRef, const Found*, KeyHasher> newest;
  for (const Found& hit : found) {
    const auto [entry, added] = newest.try_emplace(hit.primaryKey, &hit);
    if (added) continue;
    const Found& other = *entry->second;
    if (hit.segment->timestampOf(hit.row) > other.segment->timestampOf(other.row))
      entry->second = &hit;
  }
  const size_t dropped = found.size() - newest.size();
  if (dropped == 0) return 0;
  std::vector<Found> kept;
  for (const Found& hit : found) {
    if (newest.at(hit.primaryKey) == &hit) kept.push_back(hit);
  }
  found = std::move(kept);
  return dropped;
}

/** Top k of one query over all segments. */
Status searchAll(const SegmentSearcher& searcher, const std::vector<SegmentWork>& work,
                 const float* query, uint32_t k, bool mayRepeat, std::vector<Found>& found) {
  std::vector<Hit> best;
  for (uint32_t wanted = k;;) {
    found.clear();
    bool moreRows = false;
    for (const SegmentWork& item : work) {
      Status status = searcher.run(item, query, wanted, best);
      if (!status.ok()) return status;
      moreRows |= best.size() == wanted;
      const Segment& segment = item.reader.segment();
      for (const Hit& hit : best)
        found.push_back({hit.key, &segment, hit.row, segment.keyOf(hit.row)});
    }
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
      return a.key != b.key ? a.key < b.key : a.primaryKey < b.primaryKey;
    });
    const size_t dropped = mayRepeat ? dropOlderVersions(found) : 0;
    if (found.size() >= k || dropped == 0 || !moreRows) break;
    wanted += static_cast<uint32_t>(dropped);
  }
  if (found.size() > k) found.resize(k);
  return Status();
}

}  // namespace

Status search(const SearchRequest& request, SearchResult& out) {
  const Field* field = nullptr;
  Status status = checkRequest(request, field);
  if (!status.ok()) return status;
  std::vector<SegmentWork> work;
  status = prepareWork(request.scope, Liveness::visible, work);
  if (!status.ok()) return status;
  if (field->nullable) {
    for (SegmentWork& item : work) leaveOutNulls(*field, item);
    std::erase_if(work, [](const SegmentWork& item) { return item.candidates.count == 0; });
  }
  const bool mayRepeat = spansPartitions(work);
  const SegmentSearcher searcher(request, *field);
  out.keys.isText = request.scope.schema().primaryKey().type == DataType::varchar;
  std::vector<RowRef> winners;
  std::vector<Found> found;
  for (uint32_t i = 0; i < request.queryCount; i++) {
    const float* const query =
        reinterpret_cast<const float*>(request.queries.data()) + size_t{i} * field->dim;
    status = searchAll(searcher, work, query, request.k, mayRepeat, found);
    if (!status.ok()) return status;
    out.counts.push_back(static_cast<uint32_t>(found.size()));
    for (const Found& hit : found) {
      out.scores.push_back(request.metric == Metric::l2 ? hit.key : -hit.key);
      out.keys.push(hit.primaryKey);
      winners.push_back({hit.segment, hit.row});
    }
  }
  if (request.outputFieldIds.empty()) return status;
  out.hasRows = true;
  return gatherRows(request.scope.schema(), winners, request.outputFieldIds, GatherLimits(),
                    out.rows);
}

}  // namespace dipper
