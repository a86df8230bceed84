// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Where a shard's writer and its readers meet in time, without locks. Two words, every access
// sequentially consistent:
//   unapplied  first stamp that may be given out but not applied; 0 = nothing is staged
//   floor      greatest time at which a reader has pinned (or tried to)
//
//   stamp():   unapplied = lower bound of the stamp to come   then   read floor, stamp above it
//   admit(T):  floor = max(floor, T)                          then   read unapplied, refuse if <= T
//
// In the one total order of these four accesses either the reader's floor precedes the writer's
// read of it, and the stamp lies above T: the pinned view lacks nothing. Or the writer's lower
// bound precedes the reader's read of it: the reader sees a bound <= the stamp and is refused
// unless T lies below it. So no write at or below T can appear after a reader was admitted at T.
// A refusal is sometimes unneeded (the bound is low), never wrong.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "segment/clock.h"

namespace dipper {

/** A reader asking for a time this far ahead of the writer's clock gets no floor. */
constexpr uint64_t floorAheadMsMax = 24 * 60 * 60 * 1000;
/** Later than every stamp: reads all that is applied, and asks for no floor. */
constexpr uint64_t timestampMax = (uint64_t{1} << 63) - 1;

class ShardSlot {
 public:
  uint64_t stamp(HybridClock& clock, uint64_t physicalMs) {
    const bool first = unapplied_.load() == 0;
    if (first) unapplied_.store(clock.last() + 1);
    uint64_t floor = floor_.load();
    if (floor > (physicalMs + floorAheadMsMax) << logicalBits) {
      // Somebody asked for the far future: following it would drag the clock there for good.
      floor_.compare_exchange_strong(floor, 0);
    } else {
      clock.observe(floor);
    }
    const uint64_t stamp = clock.next(physicalMs);
    if (first) unapplied_.store(stamp);
    return stamp;
  }

  void setUnapplied(uint64_t firstUnapplied) { unapplied_.store(firstUnapplied); }

  bool admit(uint64_t timestamp) {
    uint64_t floor = floor_.load();
    while (floor < timestamp && timestamp < timestampMax &&
           !floor_.compare_exchange_weak(floor, timestamp)) {
    }
    const uint64_t unapplied = unapplied_.load();
    return unapplied == 0 || unapplied > timestamp;
  }

  /** The greatest time at which a reader may be admitted now. */
  uint64_t admitLatest(const HybridClock& clock, uint64_t physicalMs) {
    for (;;) {
      const uint64_t unapplied = unapplied_.load();
      const uint64_t latest = std::max(clock.last(), physicalMs << logicalBits);
      const uint64_t timestamp = unapplied == 0 ? latest : unapplied - 1;
      if (admit(timestamp)) return timestamp;
    }
  }

 private:
  std::atomic<uint64_t> unapplied_{0};
  std::atomic<uint64_t> floor_{0};
};

}  // namespace dipper
