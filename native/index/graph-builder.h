// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Builds the edges of a graph over coded rows: one flat level, rows inserted in shuffled order,
// each linked to neighbours chosen among the rows that a walk towards it expanded. The rows
// inserted first saw an almost empty graph, so they are linked a second time at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/alloc.h"
#include "base/status.h"
#include "index/prune.h"
#include "index/vector-index.h"
#include "index/walk.h"

namespace dipper {

struct GraphShape {
  uint32_t degree = 0;      // edges a row keeps
  uint32_t slotCount = 0;   // edges a row may hold while building
  uint32_t listLength = 0;  // walk pool while building
};

/** The shape behind HNSW's two numbers, so that both mean what users expect of them. */
GraphShape graphShape(uint32_t m, uint32_t efConstruction);

class GraphBuilder {
 public:
  GraphBuilder(const CodeView& rows, size_t codeDims, size_t rowCount, const BuildOptions& options);

  Status build();
  /** `degree` edges a row, shorter lists ended by noEdge. */
  const uint32_t* edges() const { return reinterpret_cast<const uint32_t*>(edges_.data()); }
  const GraphShape& shape() const { return shape_; }
  /** Gives every row that no walk from `entries` could meet an edge from its neighbourhood. */
  Status connect(const std::vector<uint32_t>& entries);

 private:
  Status allocate();
  Status insertAll(const std::vector<uint32_t>& order, size_t count, size_t doneBefore);
  void startWalk(const uint32_t* starts, size_t count, uint32_t slotCount);
  void walkTo(uint32_t row, const uint32_t* starts, size_t startCount, uint32_t slotCount);
  void link(uint32_t row, bool again);
  void addEdge(uint32_t from, uint32_t to);
  void replaceEdges(uint32_t row, const std::vector<uint32_t>& targets);
  void finishRows();
  size_t attachUnmet(const std::vector<uint32_t>& entries);
  uint32_t* edgesOf(uint32_t row) {
    return reinterpret_cast<uint32_t*>(edges_.data()) + size_t{row} * slotCount_;
  }
  uint32_t findMedoid() const;

  CodeView rows_;
  size_t codeDims_;
  size_t rowCount_;
  const BuildOptions& options_;
  GraphShape shape_;
  uint32_t slotCount_;  // of the edge array as it is now
  uint32_t start_ = 0;
  Block edges_;
  Block tags_;
  std::vector<uint16_t> counts_;
  Walk walk_;
  std::vector<int8_t> code_;
  std::vector<uint64_t> pool_;
  std::vector<uint64_t> expanded_;
  std::vector<uint64_t> candidates_;
  std::vector<uint32_t> ids_;
  Pruner pruner_;
};

}  // namespace dipper
