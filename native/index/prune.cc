// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Staged neighbour selection; the header has the rule. Equal rows need care: a node surrounded by
// copies of itself would either keep one edge to them (and searches for many copies come up
// short) or nothing but them (and the copies are cut off), so they may fill a share of the list.
#include "index/prune.h"

#include <algorithm>

#include "index/codes.h"

namespace dipper {
namespace {

constexpr uint32_t farthest = 0xffffffff;
constexpr uint32_t compareBatch = 4;

}  // namespace

Pruner::Pruner(const CodeView& rows, size_t codeDims)
    : rows_(rows), codeDims_(codeDims), code_(rows.codeBytes) {}

void Pruner::score(uint32_t row, const uint32_t* ids, size_t count, std::vector<uint64_t>& keys) {
  distances_.resize(std::max(distances_.size(), count));
  const CodeQuery query = queryOfRow(rows_, codeDims_, row, code_.data());
  walkKernels().score(rows_, query, ids, count, distances_.data());
  keys.clear();
  for (size_t i = 0; i < count; i++) keys.push_back(walkKey(distances_[i], ids[i]));
}

void Pruner::compare(Open& open, double bound) {
  if (open.checked == chosen_.size()) return;
  const CodeQuery query = queryOfRow(rows_, codeDims_, walkRow(open.key), code_.data());
  uint32_t found[compareBatch];
  while (open.checked < chosen_.size() && open.nearest > bound) {
    const size_t left = chosen_.size() - open.checked;
    const uint32_t count = left < compareBatch ? static_cast<uint32_t>(left) : compareBatch;
    walkKernels().score(rows_, query, chosen_.data() + open.checked, count, found);
    for (uint32_t i = 0; i < count; i++) open.nearest = std::min(open.nearest, found[i]);
    open.checked += count;
  }
}

bool Pruner::take(Open& open, double alpha, size_t duplicatesMax) {
  const double distance = walkDistance(open.key);
  if (distance == 0) {
    if (duplicates_ >= duplicatesMax) return false;
    duplicates_++;
    return true;
  }
  const double bound = distance / alpha;
  compare(open, bound);
  return open.nearest > bound;
}

const std::vector<uint32_t>& Pruner::choose(std::vector<uint64_t>& candidates, size_t most) {
  std::sort(candidates.begin(), candidates.end());
  chosen_.clear();
  open_.clear();
  duplicates_ = 0;
  const size_t duplicatesMax = most / 4 + 1;
  uint32_t before = noEdge;
  for (const uint64_t key : candidates) {
    if (walkRow(key) == before) continue;
    before = walkRow(key);
    open_.push_back({key & ~uint64_t{1}, 0, farthest});
  }
  for (const double alpha : {1.0, double{pruneAlpha}}) {
    size_t kept = 0;
    for (Open& open : open_) {
      if (chosen_.size() >= most) break;
      if (take(open, alpha, duplicatesMax)) {
        chosen_.push_back(walkRow(open.key));
      } else {
        open_[kept++] = open;
      }
    }
    open_.resize(std::min(kept, open_.size()));
  }
  return chosen_;
}

}  // namespace dipper
