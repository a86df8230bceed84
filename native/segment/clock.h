// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The hybrid clock: milliseconds << 18 | logical, strictly increasing for every caller in the
// process. The physical time is always given; native code reads no clock of its own.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace dipper {

constexpr int logicalBits = 18;
/** Largest physical time that a stamp holds (with its sign bit free). */
constexpr uint64_t physicalMsMax = (uint64_t{1} << (63 - logicalBits)) - 1;

class HybridClock {
 public:
  uint64_t next(uint64_t physicalMs) {
    const uint64_t physical = physicalMs << logicalBits;
    uint64_t last = last_.load(std::memory_order_seq_cst);
    for (;;) {
      const uint64_t stamp = std::max(last + 1, physical);
      if (last_.compare_exchange_weak(last, stamp, std::memory_order_seq_cst)) return stamp;
    }
  }
  void observe(uint64_t timestamp) {
    uint64_t last = last_.load(std::memory_order_seq_cst);
    while (last < timestamp &&
           !last_.compare_exchange_weak(last, timestamp, std::memory_order_seq_cst)) {
    }
  }
  uint64_t last() const { return last_.load(std::memory_order_seq_cst); }

 private:
  std::atomic<uint64_t> last_{0};
};

}  // namespace dipper
