// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A call's way to be stopped: raised by the caller, polled by long loops every 64 graph hops
// or 4,096 scanned rows. Native code reads no clock; deadlines raise the flag from outside.
#pragma once

#include <atomic>

namespace dipper {

class CancelFlag {
 public:
  void raise() { raised_.store(true, std::memory_order_relaxed); }
  bool raised() const { return raised_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> raised_{false};
};

}  // namespace dipper
