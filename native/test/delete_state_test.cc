// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What is hidden at which time, first by table, then with readers that race the writer: at every
// time that the writer has announced, a reader must find exactly what was hidden by then.
#include <atomic>
#include <thread>
#include <vector>

#include "segment/delete-image.h"
#include "segment/delete-state.h"
#include "test/check.h"

namespace dipper {
namespace {

size_t liveAt(const DeleteState& state, uint64_t timestamp, bool deletedOnly, uint32_t rowCount) {
  Bitmap live(rowCount, true);
  state.subtract(timestamp, deletedOnly, live);
  return live.count();
}

DIPPER_TEST(deletes_shadow_hides_but_is_counted) {
  DeleteState state(MemoryClass::scratch);
  CHECK_OK(state.reserveRows(10));
  CHECK_OK(state.reserveEntries(10));
  CHECK(state.hide(3, 100, HideKind::shadowed));
  CHECK(!state.hide(3, 110, HideKind::shadowed));
  CHECK(state.hide(3, 120, HideKind::deleted));
  CHECK(!state.hide(3, 130, HideKind::deleted));
  CHECK(state.hide(4, 130, HideKind::deleted));
  CHECK(!state.hide(4, 140, HideKind::shadowed));
  CHECK_EQ(state.entryCount(), 3u);
  CHECK_EQ(liveAt(state, 99, false, 10), size_t{10});
  CHECK_EQ(liveAt(state, 100, false, 10), size_t{9});
  CHECK_EQ(liveAt(state, 100, true, 10), size_t{10});
  CHECK_EQ(liveAt(state, 119, false, 10), size_t{9});
  CHECK_EQ(liveAt(state, 120, true, 10), size_t{9});
  CHECK_EQ(liveAt(state, 129, false, 10), size_t{9});
  CHECK_EQ(liveAt(state, 130, false, 10), size_t{8});
  CHECK_EQ(liveAt(state, 130, true, 10), size_t{8});
}

DIPPER_TEST(deletes_are_exact_for_racing_readers) {
  constexpr uint32_t rowCount = 20000;
  DeleteState state(MemoryClass::scratch);
  CHECK_OK(state.reserveRows(rowCount));
  CHECK_OK(state.reserveEntries(2 * rowCount));
  std::atomic<uint64_t> announced{0};
  std::atomic<uint32_t> wrong{0};
  // Row r is shadowed at 2r + 1 and deleted at 2r + 2.
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; reader++) {
    readers.emplace_back([&, reader] {
      uint64_t round = static_cast<uint64_t>(reader);
      for (uint64_t newest = 0; newest < 2 * rowCount; round++) {
        newest = announced.load(std::memory_order_acquire);
        const uint64_t at = round % 3 == 0 ? newest / 2 : newest;
        const size_t hidden = (at + 1) / 2;
        const size_t deleted = at / 2;
        if (liveAt(state, at, false, rowCount) != rowCount - hidden) wrong++;
        if (liveAt(state, at, true, rowCount) != rowCount - deleted) wrong++;
      }
    });
  }
  for (uint32_t row = 0; row < rowCount; row++) {
    state.hide(row, 2 * row + 1, HideKind::shadowed);
    announced.store(2 * row + 1, std::memory_order_release);
    state.hide(row, 2 * row + 2, HideKind::deleted);
    announced.store(2 * row + 2, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  CHECK_EQ(wrong.load(), 0u);
}

DIPPER_TEST(deletes_survive_their_image) {
  DeleteState state(MemoryClass::scratch);
  CHECK_OK(state.reserveRows(100));
  CHECK_OK(state.reserveEntries(100));
  for (uint32_t i = 0; i < 30; i++)
    state.hide(i * 3, 10 + i / 2, i % 2 == 0 ? HideKind::deleted : HideKind::shadowed);
  const uint32_t through = entriesThrough(state, 17);
  CHECK_EQ(through, 16u);
  const std::vector<uint8_t> image = writeDeleteImage(state, through, 100, nullptr);
  DeleteState read(MemoryClass::scratch);
  CHECK_OK(read.reserveRows(100));
  CHECK_OK(readDeleteImage(image.data(), image.size(), 100, read));
  CHECK_EQ(read.entryCount(), through);
  CHECK_EQ(liveAt(read, 1000, false, 100), liveAt(state, 17, false, 100));
  for (size_t at = 0; at < image.size(); at++) {
    std::vector<uint8_t> damaged = image;
    damaged[at] ^= 1;
    DeleteState other(MemoryClass::scratch);
    CHECK_OK(other.reserveRows(100));
    if (at < 20 || at >= 64)
      CHECK(!readDeleteImage(damaged.data(), damaged.size(), 100, other).ok());
    DeleteState third(MemoryClass::scratch);
    CHECK_OK(third.reserveRows(100));
    CHECK(!readDeleteImage(image.data(), at, 100, third).ok());
  }
}

}  // namespace
}  // namespace dipper
