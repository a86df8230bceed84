// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// See value-set.h. Tables are at most half full, so a miss ends soon.
#include "filter/value-set.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "segment/key-hash.h"

namespace dipper {
namespace {

constexpr uint64_t denseBitsMin = 1 << 16;
constexpr uint64_t denseBitsPerValue = 256;  // where the bit set is no larger than four tables

uint64_t lengthBit(size_t length) { return uint64_t{1} << std::min<size_t>(length, 63); }

size_t tableSize(size_t count) {
  size_t size = 8;
  while (size < 2 * count) size *= 2;
  return size;
}

template <typename T>
std::vector<T> readValues(const char*& at, size_t count) {
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), at, count * sizeof(T));
  at += count * sizeof(T);
  return values;
}

}  // namespace

bool ValueSet::parse(std::string_view bytes, ValueSet& out) {
  constexpr size_t headBytes = 16;
  if (bytes.size() < headBytes) return false;
  uint32_t head[4];
  std::memcpy(head, bytes.data(), headBytes);
  const uint64_t numbers = uint64_t{head[0]} + head[1];
  const uint64_t fixed = headBytes + 8 * numbers + 4 * uint64_t{head[2]};
  if (fixed > bytes.size() || head[3] > 3) return false;
  const char* at = bytes.data() + headBytes;
  out.integers_ = readValues<int64_t>(at, head[0]);
  out.doubles_ = readValues<double>(at, head[1]);
  out.hasTrue_ = (head[3] & 1) != 0;
  out.hasFalse_ = (head[3] & 2) != 0;
  for (size_t i = 1; i < out.integers_.size(); i++) {
    if (out.integers_[i - 1] >= out.integers_[i]) return false;
  }
  if (!std::is_sorted(out.doubles_.begin(), out.doubles_.end())) return false;
  out.buildIntegers();
  return out.readTexts(bytes.substr(headBytes + 8 * numbers), head[2]);
}

void ValueSet::buildIntegers() {
  if (integers_.empty()) return;
  low_ = integers_.front();
  span_ = static_cast<uint64_t>(integers_.back()) - static_cast<uint64_t>(low_);
  if (span_ < std::max<uint64_t>(denseBitsMin, denseBitsPerValue * integers_.size())) {
    bits_.assign(span_ / 64 + 1, 0);
    for (const int64_t value : integers_) {
      const uint64_t bit = static_cast<uint64_t>(value) - static_cast<uint64_t>(low_);
      bits_[bit >> 6] |= uint64_t{1} << (bit & 63);
    }
    return;
  }
  const size_t size = tableSize(2 * integers_.size());
  slots_.assign(size, 0);
  used_.assign((size + 63) / 64, 0);
  slotMask_ = size - 1;
  slotShift_ = 64 - static_cast<unsigned>(__builtin_ctzll(size));
  for (const int64_t value : integers_) {
    size_t at = slotOf(value);
    while (used_[at >> 6] >> (at & 63) & 1) at = (at + 1) & slotMask_;
    slots_[at] = value;
    used_[at >> 6] |= uint64_t{1} << (at & 63);
  }
}

bool ValueSet::readTexts(std::string_view bytes, size_t count) {
  textCount_ = count;
  texts_.assign(count == 0 ? 0 : tableSize(count), std::string_view());
  const char* const from = bytes.data() + 4 * count;
  const size_t textBytes = bytes.size() - 4 * count;
  uint32_t begin = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t end;
    std::memcpy(&end, bytes.data() + 4 * i, 4);
    if (end < begin || end > textBytes) return false;
    const std::string_view text(from + begin, end - begin);
    size_t at = hashKey(text) & (texts_.size() - 1);
    while (texts_[at].data() != nullptr) at = (at + 1) & (texts_.size() - 1);
    texts_[at] = text;
    lengths_ |= lengthBit(text.size());
    begin = end;
  }
  return true;
}

bool ValueSet::holds(std::string_view text) const {
  if ((lengths_ & lengthBit(text.size())) == 0) return false;
  for (size_t at = hashKey(text) & (texts_.size() - 1);; at = (at + 1) & (texts_.size() - 1)) {
    if (texts_[at].data() == nullptr) return false;
    if (texts_[at] == text) return true;
  }
}

bool ValueSet::holds(double value) const {
  constexpr double int64Edge = 9223372036854775808.0;
  const bool whole = value >= -int64Edge && value < int64Edge && std::trunc(value) == value;
  if (whole && hasIntegers() && holds(static_cast<int64_t>(value))) return true;
  return std::binary_search(doubles_.begin(), doubles_.end(), value);
}

}  // namespace dipper
