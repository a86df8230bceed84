// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The accountant: every large native block is reserved here, under a class, before it is
// allocated, so that a load or build that does not fit is refused with figures instead of
// killing the process. Counters are process-wide atomics; budgets are set once at start.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace dipper {

enum class MemoryClass : uint8_t {
  growing,
  sealed,
  index,
  scratch,
  import,
  cache,
  inflight,
  count
};

struct MemoryUse {
  uint64_t usedBytes[static_cast<size_t>(MemoryClass::count)];
  uint64_t budgetBytes[static_cast<size_t>(MemoryClass::count)];  // 0 = no limit
  uint64_t peakBytes[static_cast<size_t>(MemoryClass::count)];    // most ever used at once
};

/** Counts bytes against a class; false when its budget does not allow them (nothing counted). */
bool reserveMemory(MemoryClass kind, uint64_t sizeBytes);
void releaseMemory(MemoryClass kind, uint64_t sizeBytes);
void setMemoryBudget(MemoryClass kind, uint64_t budgetBytes);
MemoryUse memoryUse();
/** "needed N bytes, free M bytes" for the refusal text. */
Status memoryRefused(MemoryClass kind, uint64_t sizeBytes);

/**
 * An accounted, 64-byte aligned (2 MiB and huge-page advised when large) block; moves, never
 * copies.
 */
class Block {
 public:
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  Block(Block&& other) noexcept { *this = static_cast<Block&&>(other); }
  Block& operator=(Block&& other) noexcept;
  ~Block();

  /** Zero-filled. Status kind memory when the budget refuses or the system does. */
  static Status allocate(MemoryClass kind, size_t sizeBytes, Block& out);
  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t mapped_ = 0;
  MemoryClass kind_ = MemoryClass::scratch;
};

}  // namespace dipper
