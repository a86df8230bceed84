// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The right side of `in`, ready for look-ups: integers as a bit set when they lie close together,
// else as an open hash table; doubles sorted; strings in a hash table over the program's bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dipper {

class ValueSet {
 public:
  /** Reads the constant of an inSet instruction; `text` views keep pointing into `bytes`. */
  static bool parse(std::string_view bytes, ValueSet& out);

  bool hasIntegers() const { return !integers_.empty(); }
  bool hasNumbers() const { return !integers_.empty() || !doubles_.empty(); }
  bool hasTexts() const { return textCount_ != 0; }
  bool hasBooleans() const { return hasTrue_ || hasFalse_; }
  /** Ascending. */
  const std::vector<int64_t>& integers() const { return integers_; }

  bool holds(bool value) const { return value ? hasTrue_ : hasFalse_; }
  bool holds(std::string_view text) const;
  /** A double equals the integer it is, exactly. */
  bool holds(double value) const;
  bool holds(int64_t value) const {
    const uint64_t distance = static_cast<uint64_t>(value) - static_cast<uint64_t>(low_);
    if (distance > span_) return false;
    if (!bits_.empty()) return (bits_[distance >> 6] >> (distance & 63)) & 1;
    for (size_t at = slotOf(value);; at = (at + 1) & slotMask_) {
      if (!(used_[at >> 6] >> (at & 63) & 1)) return false;
      if (slots_[at] == value) return true;
    }
  }

 private:
  static constexpr uint64_t multiplier = 0x9e3779b97f4a7c15;

  size_t slotOf(int64_t value) const {
    return static_cast<size_t>((static_cast<uint64_t>(value) * multiplier) >> slotShift_);
  }
  void buildIntegers();
  bool readTexts(std::string_view bytes, size_t count);

  bool hasTrue_ = false;
  bool hasFalse_ = false;
  std::vector<int64_t> integers_;
  std::vector<double> doubles_;
  int64_t low_ = 0;
  uint64_t span_ = 0;
  std::vector<uint64_t> bits_;    // dense sets
  std::vector<int64_t> slots_;    // sparse sets
  std::vector<uint64_t> used_;
  size_t slotMask_ = 0;
  unsigned slotShift_ = 0;
  size_t textCount_ = 0;
  std::vector<std::string_view> texts_;  // open table, null data = free
  uint64_t lengths_ = 0;                 // bit min(length, 63): lengths that occur
};

}  // namespace dipper
