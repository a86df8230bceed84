// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Refinement with an early end; see the header.
#include "index/refine.h"

#include <algorithm>
#include <cmath>

#include "index/exact-key.h"

namespace dipper {
namespace {

/** Standard deviations of code noise past the bound at which a row is given up. */
constexpr double noiseMargin = 4;
constexpr size_t rowsAhead = 6;
constexpr size_t prefetchBytesMax = 8192;

bool hitBefore(const Hit& a, const Hit& b) {
  return a.key != b.key ? a.key < b.key : a.row < b.row;
}

void prefetchRow(const VectorRows& rows, uint32_t row) {
  const char* const bytes = reinterpret_cast<const char*>(rows.data + size_t{row} * rows.dim);
  const size_t sizeBytes = std::min(rows.dim * sizeof(float), prefetchBytesMax);
  for (size_t at = 0; at < sizeBytes; at += 64) __builtin_prefetch(bytes + at);
}

/** Distance in code units, up to a constant, that a row of this exact key has on average. */
class Expected {
 public:
  Expected(const EncodedQuery& encoded, Metric metric) : encoded_(encoded), metric_(metric) {}

  void learn(uint64_t gathered, float key) {
    if (!std::isfinite(key)) return;
    sum_ += walkDistance(gathered) - double{encoded_.keyScale} * key;
    count_++;
  }
  /** No row whose code distance is beyond this is likely to have a key below `key`. */
  double limit(float key) const {
    if (count_ == 0 || !std::isfinite(key)) return INFINITY;
    const double scaled = double{encoded_.keyScale} * key;
    const double distance = metric_ == Metric::cosine ? encoded_.keyScale + scaled : scaled;
    const double root = encoded_.rootNoise * std::sqrt(std::max(0.0, distance));
    return scaled + sum_ / count_ + noiseMargin * std::hypot(root, encoded_.fixedNoise);
  }

 private:
  const EncodedQuery& encoded_;
  Metric metric_;
  double sum_ = 0;
  double count_ = 0;
};

}  // namespace

void refineHits(const VectorRows& rows, Metric metric, const float* query,
                const EncodedQuery& encoded, uint32_t k, const std::vector<uint64_t>& gathered,
                std::vector<Hit>& out) {
  const ExactKeys keys(metric, query, rows.dim);
  Expected expected(encoded, metric);
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  for (size_t i = 0; i < rowsAhead && i < gathered.size(); i++) {
    prefetchRow(rows, walkRow(gathered[i]));
  }
  for (size_t i = 0; i < gathered.size(); i++) {
    const auto begin = out.begin() + first;
    const bool full = static_cast<size_t>(out.end() - begin) == k;
    if (full && walkDistance(gathered[i]) > expected.limit(begin->key)) break;
    if (i < k && i + rowsAhead < gathered.size()) {
      prefetchRow(rows, walkRow(gathered[i + rowsAhead]));
    }
    const uint32_t row = walkRow(gathered[i]);
    const Hit hit{keys.key(rows.data + size_t{row} * rows.dim), row};
    if (!full) {
      expected.learn(gathered[i], hit.key);
      out.push_back(hit);
      std::push_heap(out.begin() + first, out.end(), hitBefore);
    } else if (hitBefore(hit, *begin)) {
      std::pop_heap(begin, out.end(), hitBefore);
      out.back() = hit;
      std::push_heap(out.begin() + first, out.end(), hitBefore);
    }
  }
  std::sort_heap(out.begin() + first, out.end(), hitBefore);
}

}  // namespace dipper
