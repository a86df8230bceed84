// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Where immutable bytes come from: a range of a file, mapped, or bytes that were given (a
// simulated disk), copied into an accounted block. Either way the pointer stays good for as long
// as somebody holds the shared_ptr.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/alloc.h"
#include "base/status.h"

namespace dipper {

class ByteSource {
 public:
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ~ByteSource();

  /** The range must lie inside the file, now; a file that shrinks later is damage, not input. */
  static Status map(const std::string& path, uint64_t offsetBytes, uint64_t sizeBytes,
                    MemoryClass kind, std::shared_ptr<ByteSource>& out);
  static Status copy(const uint8_t* bytes, uint64_t sizeBytes, MemoryClass kind,
                     std::shared_ptr<ByteSource>& out);

  /** Lets go of the pages that a scan brought in; they come back when they are touched. */
  void forgetPages() const;

  const uint8_t* data() const { return data_; }
  uint64_t size() const { return size_; }

 private:
  ByteSource() = default;

  const uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
  Block block_;
  void* mapped_ = nullptr;
  uint64_t mappedBytes_ = 0;
  MemoryClass kind_ = MemoryClass::sealed;
};

}  // namespace dipper
