// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Growth of the key table: doubled while at most half full, so a probe ends within a few slots.
#include "segment/key-index.h"

namespace dipper {

Status KeyIndex::reserve(uint64_t rowCount) {
  Status status = older_.reserve(rowCount);
  if (!status.ok() || rowCount * 2 <= capacity_) return status;
  uint64_t wanted = capacity_ == 0 ? 512 : capacity_;
  while (wanted < rowCount * 2) wanted *= 2;
  Block grown;
  status = Block::allocate(MemoryClass::growing, wanted * sizeof(Slot), grown);
  if (!status.ok()) return status;
  Slot* const target = reinterpret_cast<Slot*>(grown.data());
  for (uint64_t i = 0; i < capacity_; i++) {
    const Slot& slot = slots()[i];
    if (slot.rowPlusOne == 0) continue;
    uint64_t at = slot.hash & (wanted - 1);
    while (target[at].rowPlusOne != 0) at = (at + 1) & (wanted - 1);
    target[at] = slot;
  }
  table_ = std::move(grown);
  capacity_ = wanted;
  return status;
}

}  // namespace dipper
