// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Incremental graph construction; the header has the rule. Edge lists are longer while building
// (slotCount) than in the end (degree): a list is pruned once in many additions, not at each.
#include "index/graph-builder.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <numeric>
#include <random>

#include "index/codes.h"

namespace dipper {
namespace {

constexpr uint32_t degreeMin = 16;
constexpr uint32_t degreeMax = 128;
constexpr uint32_t slackSlots = 16;
constexpr uint32_t listLengthMin = 32;
constexpr uint32_t listLengthMax = 1024;
constexpr double secondPassShare = 0.3;
constexpr size_t pollRows = 16;
constexpr size_t medoidSampleMax = 4096;
constexpr int connectRoundsMax = 3;

}  // namespace

GraphShape graphShape(uint32_t m, uint32_t efConstruction) {
  GraphShape shape;
  const uint32_t wanted = std::min(m, degreeMax) * 3 / 2 + 24;  // M 16 -> 48
  shape.degree = std::clamp((wanted + 8) / 16 * 16, degreeMin, degreeMax);
  shape.slotCount = shape.degree + slackSlots;
  shape.listLength = std::clamp(efConstruction / 2, listLengthMin, listLengthMax);
  return shape;
}

GraphBuilder::GraphBuilder(const CodeView& rows, size_t codeDims, size_t rowCount,
                           const BuildOptions& options)
    : rows_(rows),
      codeDims_(codeDims),
      rowCount_(rowCount),
      options_(options),
      shape_(graphShape(options.m, options.efConstruction)),
      slotCount_(shape_.slotCount),
      counts_(rowCount),
      code_(rows.codeBytes),
      pool_(shape_.listLength),
      expanded_(size_t{shape_.listLength} * 4),
      pruner_(rows, codeDims) {}

Status GraphBuilder::allocate() {
  Status status = Block::allocate(MemoryClass::scratch, rowCount_ * slotCount_ * sizeof(uint32_t),
                                  edges_);
  if (status.ok()) status = Block::allocate(MemoryClass::scratch, rowCount_, tags_);
  if (status.ok() && edges_.size() > 0) std::memset(edges_.data(), 0xff, edges_.size());
  return status;
}

/** The sampled row nearest to the mean of the sample. */
uint32_t GraphBuilder::findMedoid() const {
  const size_t step = std::max<size_t>(1, rowCount_ / medoidSampleMax);
  std::vector<double> mean(codeDims_);
  size_t sampled = 0;
  for (size_t row = 0; row < rowCount_; row += step, sampled++) {
    const uint8_t* const code = rows_.codes + row * rows_.strideBytes;
    for (size_t i = 0; i < codeDims_; i++) mean[i] += code[i];
  }
  uint32_t best = 0;
  double bestDistance = -1;
  for (size_t row = 0; row < rowCount_; row += step) {
    const uint8_t* const code = rows_.codes + row * rows_.strideBytes;
    double distance = 0;
    for (size_t i = 0; i < codeDims_; i++) {
      const double difference = code[i] - mean[i] / static_cast<double>(sampled);
      distance += difference * difference;
    }
    if (bestDistance < 0 || distance < bestDistance) {
      bestDistance = distance;
      best = static_cast<uint32_t>(row);
    }
  }
  return best;
}

void GraphBuilder::startWalk(const uint32_t* starts, size_t count, uint32_t slotCount) {
  if (++walk_.epoch == 0) {
    std::memset(tags_.data(), 0, tags_.size());
    walk_.epoch = 1;
  }
  walk_.rows = rows_;
  walk_.edges = edges();
  walk_.slotCount = slotCount;
  walk_.tags = tags_.data();
  walk_.pool = pool_.data();
  walk_.capacity = shape_.listLength;
  walk_.size = 0;
  walk_.cursor = 0;
  walk_.expanded = expanded_.data();
  walk_.expandedCapacity = static_cast<uint32_t>(expanded_.size());
  walk_.expandedCount = 0;
  walkKernels().seed(walk_, starts, count);
}

void GraphBuilder::walkTo(uint32_t row, const uint32_t* starts, size_t startCount,
                          uint32_t slotCount) {
  walk_.query = queryOfRow(rows_, codeDims_, row, code_.data());
  startWalk(starts, startCount, slotCount);
  [[maybe_unused]] const bool finished = walkKernels().advance(walk_, UINT32_MAX);
  assert(finished);
}

void GraphBuilder::replaceEdges(uint32_t row, const std::vector<uint32_t>& targets) {
  uint32_t* const edges = edgesOf(row);
  std::copy(targets.begin(), targets.end(), edges);
  std::fill(edges + targets.size(), edges + slotCount_, noEdge);
  counts_[row] = static_cast<uint16_t>(targets.size());
}

void GraphBuilder::addEdge(uint32_t from, uint32_t to) {
  uint32_t* const edges = edgesOf(from);
  const uint16_t count = counts_[from];
  if (std::find(edges, edges + count, to) != edges + count) return;
  if (count < slotCount_) {
    edges[count] = to;
    counts_[from]++;
    return;
  }
  ids_.assign(edges, edges + count);
  ids_.push_back(to);
  pruner_.score(from, ids_.data(), ids_.size(), candidates_);
  replaceEdges(from, pruner_.choose(candidates_, shape_.degree));
}

void GraphBuilder::link(uint32_t row, bool again) {
  walkTo(row, &start_, 1, slotCount_);
  candidates_.clear();
  if (again) pruner_.score(row, edgesOf(row), counts_[row], candidates_);
  for (uint32_t i = 0; i < walk_.expandedCount; i++) {
    if (walkRow(expanded_[i]) != row) candidates_.push_back(expanded_[i] & ~uint64_t{1});
  }
  const std::vector<uint32_t> chosen = pruner_.choose(candidates_, shape_.degree);
  replaceEdges(row, chosen);
  for (const uint32_t target : chosen) addEdge(target, row);
}

Status GraphBuilder::insertAll(const std::vector<uint32_t>& order, size_t count,
                               size_t doneBefore) {
  const double allRows = (1 + secondPassShare) * static_cast<double>(rowCount_);
  for (size_t i = 0; i < count; i++) {
    link(order[i], doneBefore > 0);
    if (i % pollRows != 0) continue;
    if (options_.cancel != nullptr && options_.cancel->raised()) {
      return Status(ErrorKind::cancelled, "cancelled", "the index build was cancelled");
    }
    if (options_.progressPermille != nullptr) {
      const double permille = static_cast<double>(doneBefore + i) * 1000 / allRows;
      options_.progressPermille->store(static_cast<uint32_t>(permille), std::memory_order_relaxed);
    }
  }
  return Status();
}

Status GraphBuilder::build() {
  assert(rowCount_ <= walkRowsMax && slotCount_ <= walkSlotsMax);
  Status status = allocate();
  if (!status.ok() || rowCount_ == 0) return status;
  start_ = findMedoid();
  std::vector<uint32_t> order(rowCount_);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(options_.seed);
  for (size_t i = rowCount_ - 1; i > 0; i--) std::swap(order[i], order[random() % (i + 1)]);
  std::iter_swap(order.begin(), std::find(order.begin(), order.end(), start_));
  status = insertAll(order, rowCount_, 0);
  const size_t again = static_cast<size_t>(secondPassShare * static_cast<double>(rowCount_));
  if (status.ok()) status = insertAll(order, again, rowCount_);
  if (status.ok()) finishRows();
  return status;
}

/** Cuts every list to its final length and closes the gaps between them. */
void GraphBuilder::finishRows() {
  for (uint32_t row = 0; row < rowCount_; row++) {
    if (counts_[row] <= shape_.degree) continue;
    pruner_.score(row, edgesOf(row), counts_[row], candidates_);
    replaceEdges(row, pruner_.choose(candidates_, shape_.degree));
  }
  uint32_t* const all = edgesOf(0);
  for (size_t row = 0; row < rowCount_; row++) {
    std::memmove(all + row * shape_.degree, all + row * slotCount_,
                 shape_.degree * sizeof(uint32_t));
  }
  slotCount_ = shape_.degree;
}

Status GraphBuilder::connect(const std::vector<uint32_t>& entries) {
  for (int round = 0; round < connectRoundsMax; round++) {
    if (options_.cancel != nullptr && options_.cancel->raised()) {
      return Status(ErrorKind::cancelled, "cancelled", "the index build was cancelled");
    }
    if (attachUnmet(entries) == 0) break;
  }
  return Status();
}

/**
 * One sweep: rows not met from the entries get an edge from the nearest met row, in a free place
 * or that of its last (longest) edge, which may cut off another row: hence the rounds.
 */
size_t GraphBuilder::attachUnmet(const std::vector<uint32_t>& entries) {
  std::vector<bool> met(rowCount_);
  std::vector<uint32_t> open;
  const auto meet = [&](uint32_t row) {
    if (met[row]) return;
    met[row] = true;
    open.push_back(row);
  };
  const auto spread = [&] {
    while (!open.empty()) {
      const uint32_t row = open.back();
      open.pop_back();
      for (uint32_t i = 0; i < counts_[row]; i++) meet(edgesOf(row)[i]);
    }
  };
  for (const uint32_t entry : entries) meet(entry);
  spread();
  size_t attached = 0;
  for (uint32_t row = 0; row < rowCount_; row++) {
    if (met[row]) continue;
    walkTo(row, entries.data(), entries.size(), slotCount_);
    uint32_t host = walkRow(pool_[0]);
    for (uint32_t i = 0; i < walk_.size; i++) {
      if (counts_[walkRow(pool_[i])] == slotCount_) continue;
      host = walkRow(pool_[i]);
      break;
    }
    if (counts_[host] < slotCount_) counts_[host]++;
    edgesOf(host)[counts_[host] - 1] = row;
    attached++;
    meet(row);
    spread();
  }
  return attached;
}

}  // namespace dipper
