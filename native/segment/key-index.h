// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Growing rows by primary key: an open-addressed table from hash to the newest row, and a chain
// from each row to the older version of its key. Only the shard's writer touches it. The raw key
// is always compared by the owner: equal hashes are two keys until proved one.
#pragma once

#include <cstdint>

#include "base/alloc.h"
#include "segment/stable-array.h"

namespace dipper {

class KeyIndex {
 public:
  static constexpr uint32_t none = UINT32_MAX;

  KeyIndex() : older_(MemoryClass::growing) {}

  /** Room for rows below rowCount; the table never fills past half. */
  Status reserve(uint64_t rowCount);

  /** Newest row of the key, or none. `same(row)` compares raw keys. */
  template <typename Same>
  uint32_t newest(uint64_t hash, const Same& same) const {
    if (capacity_ == 0) return none;
    for (uint64_t at = hash & (capacity_ - 1);; at = (at + 1) & (capacity_ - 1)) {
      const Slot& slot = slots()[at];
      if (slot.rowPlusOne == 0) return none;
      if (slot.hash == hash && same(slot.rowPlusOne - 1)) return slot.rowPlusOne - 1;
    }
  }
  uint32_t olderThan(uint32_t row) const { return older_[row] - 1; }

  /** Puts a row in front of its key's chain; room was reserved. Returns the row it replaces. */
  template <typename Same>
  uint32_t insert(uint64_t hash, uint32_t row, const Same& same) {
    uint64_t at = hash & (capacity_ - 1);
    for (; slots()[at].rowPlusOne != 0; at = (at + 1) & (capacity_ - 1)) {
      Slot& slot = slots()[at];
      if (slot.hash != hash || !same(slot.rowPlusOne - 1)) continue;
      const uint32_t replaced = slot.rowPlusOne - 1;
      older_[row] = replaced + 1;
      slot.rowPlusOne = row + 1;
      return replaced;
    }
    slots()[at] = {hash, row + 1};
    older_[row] = 0;
    return none;
  }
  uint64_t memoryBytes() const { return table_.size() + older_.memoryBytes(); }

 private:
  struct Slot {
    uint64_t hash;
    uint32_t rowPlusOne;  // 0 = free
  };
  Slot* slots() { return reinterpret_cast<Slot*>(table_.data()); }
  const Slot* slots() const { return reinterpret_cast<const Slot*>(table_.data()); }

  Block table_;
  uint64_t capacity_ = 0;
  StableArray<uint32_t, 8> older_;  // row + 1 of the older version, 0 = none
};

}  // namespace dipper
