// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Which rows of a segment are hidden, as of any time. Truth is a list of (row, stamp, kind) in
// time order; two dense bitmaps answer the common question, "now", at once:
//   hidden   shadowed or deleted: left out of search, query and get
//   deleted  left out of count(*), which still counts shadowed rows (Milvus's rule)
//
// One writer, any number of readers. The writer appends the entry, release-publishes the count,
// then sets the bit. A reader at T copies the words (acquire) and only then loads the count: for
// each bit that it saw, it sees the entry. It walks the list backwards while stamps are above T
// and gives those rows back: to `hidden` only where the entry was the first to hide its row (a
// row that was shadowed before T and deleted after T stays hidden), to `deleted` for each delete.
// Entries up to T whose bit it did not see cannot exist: a pin at T follows their application.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/bitmap.h"
#include "base/status.h"
#include "segment/stable-array.h"

namespace dipper {

enum class HideKind : uint8_t { deleted = 1, shadowed = 2 };

struct HideEntry {
  uint64_t timestamp;
  uint32_t row;
  HideKind kind;
  bool first;  // this entry hid the row
};

class DeleteState {
 public:
  explicit DeleteState(MemoryClass kind) : entries_(kind), hidden_(kind), deleted_(kind) {}

  // Writer. Reserving comes before hiding, so that a body is refused before it changes anything.
  Status reserveRows(uint64_t rowCount);
  Status reserveEntries(uint64_t moreEntries);
  bool hidden(uint32_t row) const { return test(hidden_, row); }
  bool deleted(uint32_t row) const { return test(deleted_, row); }
  /** Stamps never descend. A row already deleted, or shadowed twice, is left as it is: false. */
  bool hide(uint32_t row, uint64_t timestamp, HideKind kind);

  // Any thread.
  /** Stamp of the last entry; 0 without one. */
  uint64_t lastTimestamp() const {
    const uint32_t count = entryCount();
    return count == 0 ? 0 : entries_[count - 1].timestamp;
  }
  uint32_t entryCount() const { return count_.load(std::memory_order_acquire); }
  HideEntry entry(uint32_t index) const { return entries_[index]; }
  /** Clears the rows of `live` that were hidden (or, for counting, deleted) at T. */
  void subtract(uint64_t timestamp, bool deletedOnly, Bitmap& live) const;
  uint32_t deletedCount() const { return deletedCount_.load(std::memory_order_relaxed); }
  uint64_t memoryBytes() const {
    return entries_.memoryBytes() + hidden_.memoryBytes() + deleted_.memoryBytes();
  }

 private:
  using Words = StableArray<uint64_t, 6>;
  static bool test(const Words& words, uint32_t row);
  static void set(Words& words, uint32_t row);

  StableArray<HideEntry, 6> entries_;
  Words hidden_;
  Words deleted_;
  std::atomic<uint32_t> count_{0};
  std::atomic<uint32_t> deletedCount_{0};
};

}  // namespace dipper
