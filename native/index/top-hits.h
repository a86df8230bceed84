// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The k best hits of a stream. Hits below the current bound are only appended; when twice as many
// as needed have gathered, a selection halves them and lowers the bound. So the cost a hit is
// constant for any k, and the order of equal keys is asked for only where keys are equal.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "index/vector-index.h"

namespace dipper {

class TopHits {
 public:
  /** Takes over the hits of `start`, which must be at most k. `tie` must outlive this object. */
  TopHits(size_t k, const TieBreak& tie, std::vector<Hit> start);

  void offer(float key, uint32_t row) {
    if (key > bound_ || k_ == 0) return;
    hits_.push_back({key, row});
    if (hits_.size() >= capacity_) shrink();
  }
  /** The k best, sorted by (key, tie). */
  std::vector<Hit> finish();

 private:
  void shrink();

  size_t k_;
  size_t capacity_;
  const TieBreak& tie_;
  float bound_ = std::numeric_limits<float>::infinity();
  std::vector<Hit> hits_;
};

}  // namespace dipper
