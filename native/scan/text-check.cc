// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Validators for what users send as text.
#include "scan/text-check.h"

#include <bitset>
#include <cstdint>
#include <cstring>

namespace dipper {
namespace {

/** Length of the well-formed sequence at `at`, 0 when there is none. */
int sequenceLength(const uint8_t* at, const uint8_t* end) {
  const uint8_t head = *at;
  const auto tail = [&](int i) { return at + i < end && (at[i] & 0xc0) == 0x80; };
  if (head >= 0xc2 && head <= 0xdf) return tail(1) ? 2 : 0;
  if (head >= 0xe0 && head <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if (head == 0xe0 && at[1] < 0xa0) return 0;   // longer than needed
    if (head == 0xed && at[1] >= 0xa0) return 0;  // a surrogate
    return 3;
  }
  if (head >= 0xf0 && head <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (head == 0xf0 && at[1] < 0x90) return 0;
    if (head == 0xf4 && at[1] >= 0x90) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/** A checker that remembers open brackets in a bit set instead of recursing. */
class JsonChecker {
 public:
  explicit JsonChecker(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  JsonKind check() {
    space();
    const JsonKind kind = at_ == end_   ? JsonKind::invalid
                          : *at_ == '{' ? JsonKind::object
                          : *at_ == '[' ? JsonKind::array
                                        : JsonKind::scalar;
    if (!value()) return JsonKind::invalid;
    while (depth_ > 0) {
      if (!continueContainer()) return JsonKind::invalid;
    }
    space();
    return at_ == end_ ? kind : JsonKind::invalid;
  }

 private:
  /** A scalar, or the opening of a container (its first member is read by continueContainer). */
  bool value() {
    space();
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
      case '[':
        if (depth_ == jsonDepthMax) return false;
        isObject_[static_cast<size_t>(depth_++)] = *at_++ == '{';
        fresh_ = true;
        return true;
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  /** Reads a member of the innermost container, or its end. */
  bool continueContainer() {
    const bool object = isObject_[static_cast<size_t>(depth_ - 1)];
    space();
    if (take(object ? '}' : ']')) {
      depth_--;
      fresh_ = false;
      return true;
    }
    if (!fresh_ && !take(',')) return false;
    fresh_ = false;
    if (object) {
      space();
      if (!string()) return false;
      space();
      if (!take(':')) return false;
    }
    return value();
  }

  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) at_++;
  }
  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    at_++;
    return true;
  }
  bool word(std::string_view wanted) {
    if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, wanted.size()) != wanted)
      return false;
    at_ += wanted.size();
    return true;
  }
  bool string() {
    if (!take('"')) return false;
    while (at_ != end_) {
      const char c = *at_++;
      if (c == '"') return true;
      if (static_cast<uint8_t>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }
  bool escape() {
    if (at_ == end_) return false;
    const char kind = *at_++;
    if (kind != 'u') return kind != 0 && std::strchr("\"\\/bfnrt", kind) != nullptr;
    for (int i = 0; i < 4; i++) {
      if (at_ == end_ || !isHex(*at_++)) return false;
    }
    return true;
  }
  bool digits() {
    if (at_ == end_ || !isDigit(*at_)) return false;
    while (at_ != end_ && isDigit(*at_)) at_++;
    return true;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  const char* at_;
  const char* end_;
  int depth_ = 0;
  bool fresh_ = false;  // the innermost container was just opened
  std::bitset<jsonDepthMax> isObject_;
};

}  // namespace

bool isUtf8(std::string_view bytes) {
  const uint8_t* at = reinterpret_cast<const uint8_t*>(bytes.data());
  const uint8_t* const end = at + bytes.size();
  while (at < end) {
    uint64_t word = 0;
    if (end - at >= 8) {
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080) == 0) {
        at += 8;
        continue;
      }
    }
    const int length = *at < 0x80 ? 1 : sequenceLength(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

JsonKind checkJson(std::string_view text) { return JsonChecker(text).check(); }

}  // namespace dipper
