// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// An array that grows without ever moving an element, so that readers may hold pointers while
// the one writer appends: blocks of doubling size behind a small fixed directory. The owner
// publishes a count with release after writing; a reader that loads the count with acquire may
// touch every element below it, and with it the directory entries that were set before.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/alloc.h"

namespace dipper {

template <typename T, uint32_t firstBlockBits>
class StableArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit StableArray(MemoryClass kind) : kind_(kind) {}

  /** Makes elements below `count` addressable (zero-filled). Writer only. */
  Status reserve(uint64_t count) {
    while (capacity_ < count) {
      const size_t block = blockCount_;
      if (block >= blockMax) return memoryRefused(kind_, count * sizeof(T));
      const uint64_t size = blockSize(block);
      Status status = Block::allocate(kind_, size * sizeof(T), blocks_[block]);
      if (!status.ok()) return status;
      data_[block] = reinterpret_cast<T*>(blocks_[block].data());
      blockCount_++;
      capacity_ += size;
    }
    return Status();
  }

  T& operator[](uint64_t index) const {
    const uint64_t shifted = index + firstSize;
    const int block = 63 - std::countl_zero(shifted) - static_cast<int>(firstBlockBits);
    return data_[block][shifted - (firstSize << block)];
  }

  uint64_t capacity() const { return capacity_; }
  uint64_t memoryBytes() const { return capacity_ * sizeof(T); }

 private:
  static constexpr uint64_t firstSize = uint64_t{1} << firstBlockBits;
  static constexpr size_t blockMax = 33 - firstBlockBits;  // past any u32 row number
  static uint64_t blockSize(size_t block) { return firstSize << block; }

  MemoryClass kind_;
  T* data_[blockMax] = {};
  Block blocks_[blockMax];
  size_t blockCount_ = 0;
  uint64_t capacity_ = 0;
};

}  // namespace dipper
