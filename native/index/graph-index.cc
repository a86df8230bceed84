// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Opening and searching a graph index; see the header.
#include "index/graph-index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "index/refine.h"

namespace dipper {
namespace {

constexpr uint32_t pollHops = 64;
constexpr size_t pollScanRows = 4096;
constexpr size_t rowAlignment = 64;
constexpr uint32_t offSphereRoom = 4;
const int32_t noTail = 0;

Status cancelledSearch() {
  return Status(ErrorKind::cancelled, "cancelled", "the search was cancelled");
}

bool raised(const CancelFlag* cancel) { return cancel != nullptr && cancel->raised(); }

}  // namespace

Status GraphIndex::open(const uint8_t* file, size_t sizeBytes, std::shared_ptr<void> keepAlive,
                        std::shared_ptr<VectorIndex>& out) {
  auto index = std::make_shared<GraphIndex>();
  // Rows that cross cache lines would cost a walk one line more each.
  if (reinterpret_cast<uintptr_t>(file) % rowAlignment != 0) {
    const Status status = Block::allocate(MemoryClass::index, sizeBytes, index->aligned_);
    if (!status.ok()) return status;
    if (sizeBytes > 0) std::memcpy(index->aligned_.data(), file, sizeBytes);
    file = index->aligned_.data();
  }
  Status status = parseGraphFile(file, sizeBytes, index->parts_);
  if (!status.ok()) return status;
  index->keepAlive_ = std::move(keepAlive);
  status = index->copyEntries();
  if (status.ok()) out = std::move(index);
  return status;
}

Status GraphIndex::copyEntries() {
  const CodeView rows = parts_.view();
  const size_t count = parts_.entries.size();
  const size_t codeBytes = count * rows.strideBytes + codeBlockBytes;
  const Status status =
      Block::allocate(MemoryClass::index, codeBytes + count * sizeof(int32_t), entryBlock_);
  if (!status.ok()) return status;
  uint8_t* const tails = entryBlock_.data() + codeBytes;
  for (size_t i = 0; i < count; i++) {
    const size_t row = parts_.entries[i];
    std::memcpy(entryBlock_.data() + i * rows.strideBytes, rows.codes + row * rows.strideBytes,
                rows.strideBytes);
    std::memcpy(tails + i * sizeof(int32_t), rows.tails + row * rows.tailStrideBytes,
                sizeof(int32_t));
  }
  entryRows_ = rows;
  entryRows_.codes = entryBlock_.data();
  entryRows_.tails = tails;
  entryRows_.tailStrideBytes = sizeof(int32_t);
  return Status();
}

uint64_t GraphIndex::memoryBytes() const {
  return parts_.edgeBytes() + parts_.codeSectionBytes() + parts_.tailSectionBytes() +
         entryBlock_.size() + sizeof *this;
}

CodeView GraphIndex::viewFor(const EncodedQuery& query, const CodeView& rows) const {
  CodeView view = rows;
  if (!query.usesTails) {
    view.tails = reinterpret_cast<const uint8_t*>(&noTail);
    view.tailStrideBytes = 0;
  }
  return view;
}

/**
 * Rows to keep open for an ef. Queries of inner products lie off the rows' sphere when norms
 * differ, so a walk converges more slowly there: it gets more room, that ef means the same.
 */
uint32_t GraphIndex::poolOf(uint32_t ef, uint32_t k) const {
  const bool offSphere = parts_.space.metric == Metric::ip && parts_.space.extraDims > 0;
  const uint64_t room = uint64_t{std::max(ef, k)} * (offSphere ? offSphereRoom : 1);
  return static_cast<uint32_t>(std::min<uint64_t>(room, parts_.rowCount));
}

uint32_t GraphIndex::bestEntry(const EncodedQuery& query, WalkScratch& scratch) const {
  const size_t count = parts_.entries.size();
  scratch.distances.resize(std::max(scratch.distances.size(), count));
  uint32_t* const distances = scratch.distances.data();
  walkKernels().score(viewFor(query, entryRows_), query.query, nullptr, count, distances);
  return parts_.entries[static_cast<size_t>(std::min_element(distances, distances + count) -
                                            distances)];
}

Status GraphIndex::gatherByWalk(const IndexSearch& request, const SearchPlan& plan,
                                const EncodedQuery& query, WalkScratch& scratch,
                                bool& enough) const {
  Walk walk;
  const Status status = scratch.beginWalk(parts_.rowCount, walk);
  if (!status.ok()) return status;
  scratch.pool.resize(plan.poolCapacity);
  scratch.results.resize(plan.keepCount);
  walk.rows = viewFor(query, parts_.view());
  walk.query = query.query;
  walk.edges = parts_.edges;
  walk.slotCount = parts_.degree;
  walk.pool = scratch.pool.data();
  walk.capacity = plan.poolCapacity;
  if (request.candidates != nullptr) {
    walk.candidates = request.candidates->words();
    walk.results = scratch.results.data();
    walk.resultCapacity = plan.keepCount;
  }
  const uint32_t entry = bestEntry(query, scratch);
  walkKernels().seed(walk, &entry, 1);
  while (!walkKernels().advance(walk, pollHops)) {
    if (raised(request.cancel)) return cancelledSearch();
  }
  if (request.candidates == nullptr) {
    scratch.results.assign(walk.pool, walk.pool + walk.size);
    enough = walk.size >= request.k || walk.size == parts_.rowCount;
  } else {
    scratch.results.resize(walk.resultCount);
    enough = walk.resultCount == plan.keepCount;
  }
  return Status();
}

Status GraphIndex::gatherByScan(const IndexSearch& request, size_t keepCount,
                                const EncodedQuery& query, WalkScratch& scratch) const {
  const CodeView rows = viewFor(query, parts_.view());
  std::vector<uint64_t>& found = scratch.results;
  found.clear();
  scratch.distances.resize(std::max(scratch.distances.size(), pollScanRows));
  uint64_t bound = ~uint64_t{0};
  const size_t wordCount = (size_t{parts_.rowCount} + 63) / 64;
  for (size_t word = 0; word < wordCount;) {
    scratch.ids.clear();
    for (; word < wordCount && scratch.ids.size() + 64 <= pollScanRows; word++) {
      const size_t left = parts_.rowCount - word * 64;
      uint64_t bits = left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
      if (request.candidates != nullptr) bits &= request.candidates->words()[word];
      for (; bits != 0; bits &= bits - 1) {
        scratch.ids.push_back(static_cast<uint32_t>(word * 64) +
                              static_cast<uint32_t>(std::countr_zero(bits)));
      }
    }
    walkKernels().score(rows, query.query, scratch.ids.data(), scratch.ids.size(),
                        scratch.distances.data());
    for (size_t i = 0; i < scratch.ids.size(); i++) {
      const uint64_t key = walkKey(scratch.distances[i], scratch.ids[i]);
      if (key >= bound) continue;
      found.push_back(key);
      if (found.size() < 2 * keepCount + pollScanRows / 16) continue;
      const auto last = found.begin() + static_cast<std::ptrdiff_t>(keepCount - 1);
      std::nth_element(found.begin(), last, found.end());
      bound = *last;
      found.resize(keepCount);
    }
    if (raised(request.cancel)) return cancelledSearch();
  }
  std::sort(found.begin(), found.end());
  if (found.size() > keepCount) found.resize(keepCount);
  return Status();
}

Status GraphIndex::search(const VectorRows& rows, const float* query, const IndexSearch& request,
                          std::vector<Hit>& out) const {
  if (rows.dim != parts_.space.dim || rows.rowCount < parts_.rowCount) {
    return invalidField("index-rows", "vector",
                        std::to_string(parts_.rowCount) + " rows of dimension " +
                            std::to_string(parts_.space.dim),
                        std::to_string(rows.rowCount) + " of " + std::to_string(rows.dim));
  }
  const bool filtered = request.candidates != nullptr;
  const size_t allowed = filtered ? request.candidateCount : parts_.rowCount;
  IndexSearch bounded = request;
  bounded.k = static_cast<uint32_t>(std::min<size_t>(request.k, allowed));
  if (bounded.k == 0) return Status();
  bounded.ef = poolOf(request.ef > 0 ? request.ef : defaultEf(bounded.k), bounded.k);
  const SearchPlan plan = planSearch({parts_.rowCount, static_cast<uint32_t>(allowed), bounded.k,
                                      bounded.ef, parts_.degree, parts_.layout.codeBytes / 64});
  const EncodedQuery encoded = encodeQuery(parts_.space, parts_.layout.codeBytes, query);
  WalkScratch& scratch = WalkScratch::ofThisThread();
  bool enough = false;
  if (!plan.scan) {
    const Status status = gatherByWalk(bounded, plan, encoded, scratch, enough);
    if (!status.ok()) return status;
  }
  if (!enough) {
    const size_t keepCount = std::max<size_t>(plan.keepCount, bounded.ef);
    const Status status = gatherByScan(bounded, keepCount, encoded, scratch);
    if (!status.ok()) return status;
  }
  refineHits(rows, parts_.space.metric, query, encoded, bounded.k, scratch.results, out);
  return Status();
}

Status openGraphIndex(const uint8_t* file, size_t sizeBytes, std::shared_ptr<void> keepAlive,
                      std::shared_ptr<VectorIndex>& out) {
  return GraphIndex::open(file, sizeBytes, std::move(keepAlive), out);
}

}  // namespace dipper
