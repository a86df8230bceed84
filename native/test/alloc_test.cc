// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The accountant must never be wrong: budgets hold, a refused block leaves nothing counted, and
// what is moved or destroyed is given back once.
#include <cstdint>
#include <utility>

#include "base/alloc.h"
#include "test/check.h"

namespace dipper {
namespace {

uint64_t usedBytes(MemoryClass kind) { return memoryUse().usedBytes[static_cast<size_t>(kind)]; }

bool allZero(const Block& block) {
  for (size_t i = 0; i < block.size(); i++) {
    if (block.data()[i] != 0) return false;
  }
  return true;
}

DIPPER_TEST(alloc_small_and_large_blocks_are_zeroed_and_aligned) {
  const uint64_t before = usedBytes(MemoryClass::cache);
  for (const size_t sizeBytes : {1, 63, 64, 4097, 5 << 20}) {
    Block block;
    CHECK_OK(Block::allocate(MemoryClass::cache, sizeBytes, block));
    CHECK_EQ(block.size(), sizeBytes);
    CHECK_EQ(reinterpret_cast<uintptr_t>(block.data()) % 64, size_t{0});
    CHECK(allZero(block));
    CHECK(usedBytes(MemoryClass::cache) >= before + sizeBytes);
    block.data()[sizeBytes - 1] = 1;
  }
  CHECK_EQ(usedBytes(MemoryClass::cache), before);
}

DIPPER_TEST(alloc_of_nothing_is_an_empty_block) {
  Block block;
  CHECK_OK(Block::allocate(MemoryClass::cache, 0, block));
  CHECK(block.data() == nullptr);
  CHECK_EQ(block.size(), size_t{0});
}

DIPPER_TEST(alloc_budget_refuses_and_counts_nothing) {
  const uint64_t before = usedBytes(MemoryClass::import);
  setMemoryBudget(MemoryClass::import, before + 1000);
  Block fits;
  Block refused;
  CHECK_OK(Block::allocate(MemoryClass::import, 640, fits));
  const Status status = Block::allocate(MemoryClass::import, 641, refused);
  CHECK(status.kind() == ErrorKind::memory);
  CHECK_EQ(status.message(),
           "import memory: needed 704 bytes, free 360 bytes of " + std::to_string(before + 1000));
  CHECK_EQ(usedBytes(MemoryClass::import), before + 640);
  CHECK(refused.data() == nullptr);
  setMemoryBudget(MemoryClass::import, 0);
  CHECK_OK(Block::allocate(MemoryClass::import, 641, refused));
}

DIPPER_TEST(alloc_absurd_sizes_are_refused) {
  Block block;
  CHECK(Block::allocate(MemoryClass::scratch, SIZE_MAX, block).kind() == ErrorKind::memory);
  CHECK(Block::allocate(MemoryClass::scratch, SIZE_MAX / 4, block).kind() == ErrorKind::memory);
  CHECK(reserveMemory(MemoryClass::scratch, 1));
  CHECK(!reserveMemory(MemoryClass::scratch, UINT64_MAX));
  releaseMemory(MemoryClass::scratch, 1);
}

DIPPER_TEST(alloc_blocks_move_and_give_back_once) {
  const uint64_t before = usedBytes(MemoryClass::cache);
  {
    Block first;
    CHECK_OK(Block::allocate(MemoryClass::cache, 3 << 20, first));
    uint8_t* const data = first.data();
    Block second(std::move(first));
    CHECK(second.data() == data);
    CHECK(first.data() == nullptr);
    Block third;
    CHECK_OK(Block::allocate(MemoryClass::cache, 100, third));
    third = std::move(second);
    CHECK(third.data() == data);
    CHECK_EQ(usedBytes(MemoryClass::cache), before + (3 << 20));
  }
  CHECK_EQ(usedBytes(MemoryClass::cache), before);
}

}  // namespace
}  // namespace dipper
