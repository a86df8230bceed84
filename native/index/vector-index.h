// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What every vector index answers, whatever is built behind it: top k over one immutable
// segment, restricted to a candidate bitmap, and a file that opens by mmap or from bytes.
// The index never owns the raw vectors: refinement reads them from the segment's own column.
// Graph edges, codes and files are private to each implementation.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "base/cancel.h"
#include "base/status.h"
#include "kernels/kernels.h"

namespace dipper {

/** float32 rows of one segment, contiguous: row r starts at data + r * dim. */
struct VectorRows {
  const float* data = nullptr;
  size_t rowCount = 0;
  size_t dim = 0;
};

struct Hit {
  float key;  // smaller is better, exact (refined against the raw vectors)
  uint32_t row;
};

/** Ordering of equal keys: true when row a goes before row b. Null means smaller row first. */
using TieBreak = std::function<bool(uint32_t a, uint32_t b)>;

struct IndexSearch {
  uint32_t k = 10;
  uint32_t ef = 0;  // 0 = the index's default for k
  /** Rows allowed to answer; null = all. The count is given so that no planner recounts. */
  const Bitmap* candidates = nullptr;
  size_t candidateCount = 0;
  const CancelFlag* cancel = nullptr;
};

struct BuildOptions {
  Metric metric = Metric::l2;
  uint32_t m = 30;               // HNSW's M as users know it: quality and size grow with it
  uint32_t efConstruction = 360;
  uint64_t seed = 1;
  uint32_t threadCount = 1;      // at most; the graph build uses one, so images are reproducible
  const CancelFlag* cancel = nullptr;
  std::atomic<uint32_t>* progressPermille = nullptr;
};

class VectorIndex {
 public:
  virtual ~VectorIndex() = default;
  /** Appends at most k hits to out, sorted by (key, row), rows unique, all of them candidates. */
  virtual Status search(const VectorRows& rows, const float* query, const IndexSearch& request,
                        std::vector<Hit>& out) const = 0;
  virtual size_t rowCount() const = 0;
  /** What it was built for; its answers mean nothing under another. */
  virtual Metric metric() const = 0;
  virtual size_t dim() const = 0;
  virtual uint64_t memoryBytes() const = 0;
};

/** Builds a graph index (names HNSW and AUTOINDEX) and returns its file image. */
Status buildGraphIndex(const VectorRows& rows, const BuildOptions& options,
                       std::vector<uint8_t>& file);

/**
 * Opens a file image. The memory must outlive the index (keepAlive holds it); section table,
 * bounds and ids are checked here so that the hot loop needs no checks.
 */
Status openGraphIndex(const uint8_t* file, size_t sizeBytes, std::shared_ptr<void> keepAlive,
                      std::shared_ptr<VectorIndex>& out);

/** Checks every byte of a file image by its checksums: for files from elsewhere, and scrubbing. */
Status checkGraphFile(const uint8_t* file, size_t sizeBytes);

/**
 * Exact search over a block of rows that lies in memory (a growing chunk or an unindexed
 * segment). Row numbers in `out` are firstRow + local row; `candidates` (null = all) is indexed
 * by those numbers. `best` carries the k best so far from call to call, sorted by (key, tie).
 */
Status flatSearch(const VectorRows& rows, Metric metric, const float* query, uint32_t firstRow,
                  const IndexSearch& request, const TieBreak& tie, std::vector<Hit>& best);

}  // namespace dipper
