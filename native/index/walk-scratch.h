// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A thread's memory for walks, kept between searches. Visited rows are marked with an epoch
// instead of being cleared: 255 searches share one clearing, whatever indexes they walk.
#pragma once

#include <cstdint>
#include <vector>

#include "base/alloc.h"
#include "base/status.h"
#include "index/walk.h"

namespace dipper {

struct WalkScratch {
  std::vector<uint64_t> pool;
  std::vector<uint64_t> results;
  std::vector<uint32_t> ids;
  std::vector<uint32_t> distances;

  /** Gives `walk` tags for rowCount rows, none of them seen, and an epoch. */
  Status beginWalk(size_t rowCount, Walk& walk);

  static WalkScratch& ofThisThread();

 private:
  Block tags_;
  uint8_t epoch_ = 0;
};

}  // namespace dipper
