// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Chooses a node's neighbours among candidates. A candidate is left out when a chosen neighbour
// is nearer to it than the node is: the walk would get there anyway. In a second stage the rule
// is relaxed by alpha, which fills the remaining places with longer edges. Both stages share the
// distances they compute.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/walk.h"

namespace dipper {

/** Candidates relaxed stage: kept when `alpha` times its distance to every neighbour is more. */
constexpr float pruneAlpha = 1.2f;

class Pruner {
 public:
  Pruner(const CodeView& rows, size_t codeDims);

  /** Distances of `row` to `ids`, as walk keys. */
  void score(uint32_t row, const uint32_t* ids, size_t count, std::vector<uint64_t>& keys);
  /**
   * Picks at most `most` rows out of candidates (walk keys of distances to the node, any order,
   * repetitions allowed; sorted here). The node itself must not be among them.
   */
  const std::vector<uint32_t>& choose(std::vector<uint64_t>& candidates, size_t most);

 private:
  struct Open {
    uint64_t key;
    uint32_t checked;  // chosen neighbours compared so far
    uint32_t nearest;  // least distance to one of them
  };
  /** Compares with neighbours not yet looked at until one is nearer than `bound`. */
  void compare(Open& open, double bound);
  bool take(Open& open, double alpha, size_t duplicatesMax);

  CodeView rows_;
  size_t codeDims_;
  std::vector<int8_t> code_;
  std::vector<uint32_t> distances_;
  std::vector<Open> open_;
  std::vector<uint32_t> chosen_;
  size_t duplicates_ = 0;
};

}  // namespace dipper
