// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The greedy walk over a graph of coded rows: the one loop in which a search and a build spend
// their time. It is plain data and three functions, compiled once an instruction set; it reads no
// clock and no flag, but works in slices of hops so that its caller can poll between them.
//
// A key is 64 bits: code distance (32), row (31), expanded (1). So one comparison orders by
// distance, then row, and the pool needs no second array.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dipper {

/** Ends an edge list that is shorter than its slots. */
constexpr uint32_t noEdge = 0xffffffff;
constexpr uint32_t walkSlotsMax = 256;
constexpr uint32_t walkRowsMax = (uint32_t{1} << 31) - 1;

// Forced inline: an out-of-line copy from a wide object could be the one that the linker keeps.
[[gnu::always_inline]] constexpr uint64_t walkKey(uint32_t distance, uint32_t row) {
  return (uint64_t{distance} << 32) | (uint64_t{row} << 1);
}
[[gnu::always_inline]] constexpr uint32_t walkRow(uint64_t key) {
  return static_cast<uint32_t>(key) >> 1;
}
[[gnu::always_inline]] constexpr uint32_t walkDistance(uint64_t key) {
  return static_cast<uint32_t>(key >> 32);
}

/**
 * Coded rows. `codeBytes` (a multiple of 64) can be read from every row's start, also where rows
 * lie closer together. A row's tail is the part of its distance that no query changes.
 */
struct CodeView {
  const uint8_t* codes = nullptr;
  size_t strideBytes = 0;
  size_t codeBytes = 0;
  const uint8_t* tails = nullptr;  // int32 each
  size_t tailStrideBytes = 0;      // 0 = one tail for all
};

/** distance(row) = (tail(row) >> tailShift) + bias - 2 * (row code . query code), modulo 2^32. */
struct CodeQuery {
  const int8_t* code = nullptr;  // codeBytes long, zero past the real length
  uint32_t bias = 0;
  int tailShift = 0;
};

struct Walk {
  CodeView rows;
  CodeQuery query;
  const uint32_t* edges = nullptr;
  uint32_t slotCount = 0;

  // A row whose tag equals the epoch was seen in this walk.
  uint8_t* tags = nullptr;
  uint8_t epoch = 0;

  // The best rows so far, sorted; those before the cursor are expanded.
  uint64_t* pool = nullptr;
  uint32_t capacity = 0;
  uint32_t size = 0;
  uint32_t cursor = 0;

  // With a candidate bit set: candidates are collected apart, all rows are walked.
  const uint64_t* candidates = nullptr;
  uint64_t* results = nullptr;
  uint32_t resultCapacity = 0;
  uint32_t resultCount = 0;

  // Where set: every row that was expanded, for the builder.
  uint64_t* expanded = nullptr;
  uint32_t expandedCapacity = 0;
  uint32_t expandedCount = 0;
};

struct WalkKernels {
  /** Distances of `count` rows; ids null means rows 0, 1, 2, ... */
  void (*score)(const CodeView& rows, const CodeQuery& query, const uint32_t* ids, size_t count,
                uint32_t* distances);
  /** Puts unseen rows into the pool, as a start or from outside. */
  void (*seed)(Walk& walk, const uint32_t* ids, size_t count);
  /** Expands at most hopMax rows; true when the walk is over. */
  bool (*advance)(Walk& walk, uint32_t hopMax);
};

/** The table of the level that kernels() chose. */
const WalkKernels& walkKernels();

}  // namespace dipper
