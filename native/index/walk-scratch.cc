// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Per-thread walk memory; see the header.
#include "index/walk-scratch.h"

#include <algorithm>
#include <cstring>

namespace dipper {

Status WalkScratch::beginWalk(size_t rowCount, Walk& walk) {
  if (tags_.size() < rowCount) {
    const size_t sizeBytes = std::max(rowCount, tags_.size() * 2);
    const Status status = Block::allocate(MemoryClass::scratch, sizeBytes, tags_);
    if (!status.ok()) return status;
    epoch_ = 0;
  }
  if (++epoch_ == 0) {
    std::memset(tags_.data(), 0, tags_.size());
    epoch_ = 1;
  }
  walk.tags = tags_.data();
  walk.epoch = epoch_;
  return Status();
}

WalkScratch& WalkScratch::ofThisThread() {
  static thread_local WalkScratch scratch;
  return scratch;
}

}  // namespace dipper
