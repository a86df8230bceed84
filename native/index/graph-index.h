// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The graph index as opened from its image: immutable, shared by any number of threads. A search
// gathers likely rows by their codes (walk or scan), then refines them on the raw vectors.
#pragma once

#include <memory>
#include <vector>

#include "base/alloc.h"
#include "index/graph-file.h"
#include "index/search-plan.h"
#include "index/vector-index.h"
#include "index/walk-scratch.h"

namespace dipper {

class GraphIndex : public VectorIndex {
 public:
  /** `file` must be held by keepAlive. */
  static Status open(const uint8_t* file, size_t sizeBytes, std::shared_ptr<void> keepAlive,
                     std::shared_ptr<VectorIndex>& out);

  Status search(const VectorRows& rows, const float* query, const IndexSearch& request,
                std::vector<Hit>& out) const override;
  size_t rowCount() const override { return parts_.rowCount; }
  Metric metric() const override { return parts_.space.metric; }
  size_t dim() const override { return parts_.space.dim; }
  uint64_t memoryBytes() const override;

 private:
  Status copyEntries();
  /** Each leaves the gathered rows in scratch.results, sorted walk keys. */
  Status gatherByWalk(const IndexSearch& request, const SearchPlan& plan,
                      const EncodedQuery& query, WalkScratch& scratch, bool& enough) const;
  Status gatherByScan(const IndexSearch& request, size_t keepCount, const EncodedQuery& query,
                      WalkScratch& scratch) const;
  CodeView viewFor(const EncodedQuery& query, const CodeView& rows) const;
  uint32_t poolOf(uint32_t ef, uint32_t k) const;
  uint32_t bestEntry(const EncodedQuery& query, WalkScratch& scratch) const;

  GraphParts parts_;
  CodeView entryRows_;  // the entries' codes side by side
  Block entryBlock_;
  Block aligned_;  // a copy of the image, where that is not aligned for its rows
  std::shared_ptr<void> keepAlive_;
};

}  // namespace dipper
