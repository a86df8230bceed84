// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The header tells the protocol; the orders of loads and stores below are its whole point.
#include "segment/delete-state.h"

#include <cassert>

namespace dipper {

Status DeleteState::reserveRows(uint64_t rowCount) {
  Status status = hidden_.reserve((rowCount + 63) / 64);
  return status.ok() ? deleted_.reserve((rowCount + 63) / 64) : status;
}

Status DeleteState::reserveEntries(uint64_t moreEntries) {
  return entries_.reserve(count_.load(std::memory_order_relaxed) + moreEntries);
}

bool DeleteState::test(const Words& words, uint32_t row) {
  const uint64_t word = std::atomic_ref<uint64_t>(words[row >> 6]).load(std::memory_order_acquire);
  return (word >> (row & 63)) & 1;
}

void DeleteState::set(Words& words, uint32_t row) {
  std::atomic_ref<uint64_t>(words[row >> 6])
      .fetch_or(uint64_t{1} << (row & 63), std::memory_order_release);
}

bool DeleteState::hide(uint32_t row, uint64_t timestamp, HideKind kind) {
  const bool first = !hidden(row);
  if (deleted(row) || (kind == HideKind::shadowed && !first)) return false;
  const uint32_t index = count_.load(std::memory_order_relaxed);
  assert(index < entries_.capacity());
  assert(index == 0 || entries_[index - 1].timestamp <= timestamp);
  entries_[index] = {timestamp, row, kind, first};
  count_.store(index + 1, std::memory_order_release);
  if (first) set(hidden_, row);
  if (kind == HideKind::deleted) {
    set(deleted_, row);
    deletedCount_.fetch_add(1, std::memory_order_relaxed);
  }
  return true;
}

void DeleteState::subtract(uint64_t timestamp, bool deletedOnly, Bitmap& live) const {
  if (entryCount() == 0 || live.rowCount() == 0) return;
  const Words& words = deletedOnly ? deleted_ : hidden_;
  Bitmap gone(live.rowCount());
  for (size_t i = 0; i < gone.wordCount(); i++) {
    gone.words()[i] = std::atomic_ref<uint64_t>(words[i]).load(std::memory_order_acquire);
  }
  for (uint32_t i = entryCount(); i > 0; i--) {
    const HideEntry later = entries_[i - 1];
    if (later.timestamp <= timestamp) break;
    const bool hidIt = deletedOnly ? later.kind == HideKind::deleted : later.first;
    if (hidIt && later.row < live.rowCount()) gone.clear(later.row);
  }
  for (size_t i = 0; i < gone.wordCount(); i++) live.words()[i] &= ~gone.words()[i];
}

}  // namespace dipper
