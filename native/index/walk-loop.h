// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The walk's loop as a template over one instruction set's operations. Included only by the
// walk-*.cc objects, which are compiled with that set's flags: no function of the standard
// library may be instantiated here, or the linker could hand this set's copy to everyone.
//
// Random reads bound the loop, not arithmetic: unseen neighbours are gathered first, then whole
// rows are prefetched some neighbours ahead of the four that are computed.
#pragma once

#include "index/walk.h"

namespace dipper {

template <typename Ops>
struct WalkLoop {
  /** Cache lines in flight; more are queued behind the processor's own limit for no gain. */
  static constexpr size_t linesAhead = 96;

  static const uint8_t* rowOf(const CodeView& rows, uint32_t id) {
    return rows.codes + size_t{id} * rows.strideBytes;
  }

  static uint32_t tailOf(const CodeView& rows, int shift, uint32_t id) {
    int32_t tail;
    __builtin_memcpy(&tail, rows.tails + size_t{id} * rows.tailStrideBytes, sizeof tail);
    return static_cast<uint32_t>(tail >> shift);
  }

  static size_t rowsAhead(const CodeView& rows) {
    const size_t ahead = linesAhead / (rows.codeBytes / 64);
    return ahead < 4 ? 4 : ahead > 32 ? 32 : ahead & ~size_t{3};
  }

  static void prefetchRow(const CodeView& rows, uint32_t id) {
    const uint8_t* const row = rowOf(rows, id);
    for (size_t at = 0; at < rows.codeBytes; at += 64) __builtin_prefetch(row + at);
    if (rows.tailStrideBytes == sizeof(int32_t)) {
      __builtin_prefetch(rows.tails + size_t{id} * sizeof(int32_t));
    }
  }

  static void scoreFour(const CodeView& rows, const CodeQuery& query, const uint32_t ids[4],
                        uint32_t distances[4]) {
    const uint8_t* const four[4] = {rowOf(rows, ids[0]), rowOf(rows, ids[1]), rowOf(rows, ids[2]),
                                    rowOf(rows, ids[3])};
    int32_t products[4];
    Ops::ipU8S8x4(four, query.code, rows.codeBytes, products);
    for (int i = 0; i < 4; i++) {
      distances[i] = tailOf(rows, query.tailShift, ids[i]) + query.bias -
                     2 * static_cast<uint32_t>(products[i]);
    }
  }

  static void score(const CodeView& rows, const CodeQuery& query, const uint32_t* ids,
                    size_t count, uint32_t* distances) {
    const size_t ahead = rowsAhead(rows);
    if (ids != nullptr) {
      for (size_t i = 0; i < ahead && i < count; i++) prefetchRow(rows, ids[i]);
    }
    for (size_t at = 0; at < count; at += 4) {
      uint32_t four[4];
      uint32_t found[4];
      for (size_t i = 0; i < 4; i++) {
        const size_t from = at + i < count ? at + i : count - 1;
        four[i] = ids != nullptr ? ids[from] : static_cast<uint32_t>(from);
        if (ids != nullptr && from + ahead < count) prefetchRow(rows, ids[from + ahead]);
      }
      scoreFour(rows, query, four, found);
      for (size_t i = 0; i < 4 && at + i < count; i++) distances[at + i] = found[i];
    }
  }

  /** Inserts into a sorted array of at most `capacity` keys; its place, or capacity if too far. */
  static uint32_t insert(uint64_t* keys, uint32_t& size, uint32_t capacity, uint64_t key) {
    if (size == capacity && key > keys[size - 1]) return capacity;
    uint32_t low = 0;
    uint32_t high = size;
    while (low < high) {
      const uint32_t middle = (low + high) / 2;
      if (keys[middle] < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (size < capacity) size++;
    __builtin_memmove(keys + low + 1, keys + low, (size - 1 - low) * sizeof(uint64_t));
    keys[low] = key;
    return low;
  }

  /** Puts scored rows into pool and results; the first pool place that changed. */
  static uint32_t offer(Walk& walk, const uint32_t* ids, const uint32_t* distances, size_t count) {
    uint32_t first = walk.capacity;
    for (size_t i = 0; i < count; i++) {
      const uint64_t key = walkKey(distances[i], ids[i]);
      const bool collects = walk.candidates != nullptr &&
                            ((walk.candidates[ids[i] >> 6] >> (ids[i] & 63)) & 1) != 0;
      if (collects) {
        insert(walk.results, walk.resultCount, walk.resultCapacity, key);
      }
      if (walk.size == walk.capacity && key > walk.pool[walk.size - 1]) continue;
      const uint32_t* const edges = walk.edges + size_t{ids[i]} * walk.slotCount;
      for (uint32_t slot = 0; slot < walk.slotCount; slot += 16) __builtin_prefetch(edges + slot);
      const uint32_t place = insert(walk.pool, walk.size, walk.capacity, key);
      if (place < first) first = place;
    }
    return first;
  }

  /** Scores unseen rows, four at a time, with the rows to come already on their way. */
  static uint32_t visit(Walk& walk, uint32_t* ids, uint32_t count) {
    const size_t ahead = rowsAhead(walk.rows);
    uint32_t first = walk.capacity;
    for (size_t i = 0; i < ahead && i < count; i++) prefetchRow(walk.rows, ids[i]);
    for (uint32_t i = count; i < count + 3; i++) ids[i] = count > 0 ? ids[count - 1] : 0;
    for (uint32_t at = 0; at < count; at += 4) {
      for (size_t i = at + ahead; i < at + ahead + 4 && i < count; i++) {
        prefetchRow(walk.rows, ids[i]);
      }
      uint32_t distances[4];
      scoreFour(walk.rows, walk.query, ids + at, distances);
      const uint32_t place =
          offer(walk, ids + at, distances, count - at < 4 ? count - at : 4);
      if (place < first) first = place;
    }
    return first;
  }

  static uint32_t gather(Walk& walk, const uint32_t* from, size_t fromCount, uint32_t* unseen) {
    uint32_t count = 0;
    for (size_t i = 0; i < fromCount; i++) {
      const uint32_t id = from[i];
      if (id == noEdge) break;
      unseen[count] = id;
      count += walk.tags[id] != walk.epoch ? 1 : 0;
      walk.tags[id] = walk.epoch;
    }
    return count;
  }

  static void seed(Walk& walk, const uint32_t* ids, size_t count) {
    uint32_t unseen[walkSlotsMax + 4];
    for (size_t at = 0; at < count; at += walkSlotsMax) {
      const size_t left = count - at < walkSlotsMax ? count - at : size_t{walkSlotsMax};
      const uint32_t place = visit(walk, unseen, gather(walk, ids + at, left, unseen));
      if (place < walk.cursor) walk.cursor = place;
    }
  }

  static bool advance(Walk& walk, uint32_t hopMax) {
    uint32_t unseen[walkSlotsMax + 4];
    while (walk.cursor < walk.size) {
      const uint64_t head = walk.pool[walk.cursor];
      const bool enough = walk.candidates != nullptr && walk.resultCount == walk.resultCapacity &&
                          head > walk.results[walk.resultCount - 1];
      if (enough) return true;
      if (hopMax == 0) return false;
      hopMax--;
      if (walk.expandedCount < walk.expandedCapacity) walk.expanded[walk.expandedCount++] = head;
      walk.pool[walk.cursor] = head | 1;
      const uint32_t* const edges = walk.edges + size_t{walkRow(head)} * walk.slotCount;
      const uint32_t place = visit(walk, unseen, gather(walk, edges, walk.slotCount, unseen));
      walk.cursor = place <= walk.cursor ? place : walk.cursor + 1;
      while (walk.cursor < walk.size && (walk.pool[walk.cursor] & 1) != 0) walk.cursor++;
    }
    return true;
  }

  static constexpr WalkKernels kernels() { return WalkKernels{score, seed, advance}; }
};

namespace scalar {
extern const WalkKernels walkTable;
}
#if defined(__x86_64__)
namespace avx2 {
extern const WalkKernels walkTable;
}
namespace avx512 {
extern const WalkKernels walkTable;
}
#endif

}  // namespace dipper
