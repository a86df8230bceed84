// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Selection of the k best hits; see the header for the idea.
#include "index/top-hits.h"

#include <algorithm>
#include <utility>

namespace dipper {
namespace {

struct Before {
  const TieBreak& tie;
  bool operator()(const Hit& a, const Hit& b) const {
    if (a.key != b.key) return a.key < b.key;
    return tie ? tie(a.row, b.row) : a.row < b.row;
  }
};

constexpr size_t slackMin = 64;

}  // namespace

TopHits::TopHits(size_t k, const TieBreak& tie, std::vector<Hit> start)
    : k_(k), capacity_(k + std::max(k, slackMin)), tie_(tie), hits_(std::move(start)) {
  if (hits_.size() >= k_ && k_ > 0) shrink();
}

void TopHits::shrink() {
  const auto last = hits_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
  std::nth_element(hits_.begin(), last, hits_.end(), Before{tie_});
  bound_ = last->key;
  hits_.resize(k_);
}

std::vector<Hit> TopHits::finish() {
  std::sort(hits_.begin(), hits_.end(), Before{tie_});
  if (hits_.size() > k_) hits_.resize(k_);
  return std::move(hits_);
}

}  // namespace dipper
