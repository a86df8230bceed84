// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A plain bit set over rows, the only shape in which "which rows" travels between the filter
// executor, the delete lists and the indexes. Bit 1 means candidate, everywhere. Words are
// 64 bit, row r is bit (r & 63) of word r >> 6; bits past the row count are zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dipper {

class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(size_t rowCount, bool value = false) { reset(rowCount, value); }

  void reset(size_t rowCount, bool value) {
    rowCount_ = rowCount;
    words_.assign((rowCount + 63) / 64, value ? ~uint64_t{0} : 0);
    trim();
  }
  size_t rowCount() const { return rowCount_; }
  size_t wordCount() const { return words_.size(); }
  uint64_t* words() { return words_.data(); }
  const uint64_t* words() const { return words_.data(); }
  bool test(size_t row) const { return (words_[row >> 6] >> (row & 63)) & 1; }
  void set(size_t row) { words_[row >> 6] |= uint64_t{1} << (row & 63); }
  void clear(size_t row) { words_[row >> 6] &= ~(uint64_t{1} << (row & 63)); }
  size_t count() const {
    size_t total = 0;
    for (const uint64_t word : words_) total += static_cast<size_t>(__builtin_popcountll(word));
    return total;
  }
  void andWith(const Bitmap& other) {
    for (size_t i = 0; i < words_.size(); i++) words_[i] &= other.words_[i];
  }
  /** Clears the bits past rowCount in the last word; call after writing words directly. */
  void trim() {
    if ((rowCount_ & 63) != 0) words_.back() &= (uint64_t{1} << (rowCount_ & 63)) - 1;
  }

 private:
  size_t rowCount_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace dipper
