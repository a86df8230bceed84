// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Walks protobuf bytes in place. A packed list may come packed, one value at a time, or in
// several pieces; a message field may come twice and then merges: callers see each piece.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace dipper {

enum class WireType : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct WireField {
  uint32_t number = 0;
  WireType type = WireType::varint;
  uint64_t value = 0;      // varint
  std::string_view bytes;  // the payload of every other type
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  /** False at the end, or where the bytes are no protobuf (then malformed()). */
  bool next(WireField& field) {
    if (at_ == end_) return false;
    uint64_t tag = 0;
    if (!varint(tag) || tag >> 3 == 0 || tag >> 3 > fieldNumberMax) return fail();
    field.number = static_cast<uint32_t>(tag >> 3);
    field.type = static_cast<WireType>(tag & 7);
    uint64_t size = 0;
    switch (field.type) {
      case WireType::varint:
        return varint(field.value) || fail();
      case WireType::fixed64:
        size = 8;
        break;
      case WireType::fixed32:
        size = 4;
        break;
      case WireType::bytes:
        if (!varint(size)) return fail();
        break;
      default:
        return fail();  // groups are not proto3
    }
    if (size > static_cast<uint64_t>(end_ - at_)) return fail();
    field.bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }

  /** The next value of a packed list of varints. */
  bool nextVarint(uint64_t& value) { return at_ != end_ && (varint(value) || fail()); }

  bool malformed() const { return malformed_; }

 private:
  static constexpr uint64_t fieldNumberMax = (1u << 29) - 1;

  bool fail() {
    malformed_ = true;
    at_ = end_;
    return false;
  }
  bool varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  const char* at_;
  const char* end_;
  bool malformed_ = false;
};

}  // namespace dipper
