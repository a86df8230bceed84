// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// See like.h. A code point is one byte and the continuation bytes after it, so that text which is
// no UTF-8 is walked in bounds too. Null stands for "no match" throughout.
#include "filter/like.h"

#include <cstddef>
#include <cstring>

namespace dipper {
namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

const char* nextPoint(const char* at, const char* end) {
  at++;
  while (at < end && continues(*at)) at++;
  return at;
}

const char* previousPoint(const char* begin, const char* at) {
  at--;
  while (at > begin && continues(*at)) at--;
  return at;
}

/** memmem prepares tables for each call, which short texts never earn back. */
const char* findBytes(const char* at, const char* end, const std::string& bytes) {
  constexpr std::ptrdiff_t shortText = 256;
  if (bytes.empty()) return at;
  if (static_cast<size_t>(end - at) < bytes.size()) return nullptr;
  if (end - at > shortText) {
    return static_cast<const char*>(
        memmem(at, static_cast<size_t>(end - at), bytes.data(), bytes.size()));
  }
  const char* const last = end - bytes.size();
  for (; at <= last; at++) {
    at = static_cast<const char*>(std::memchr(at, bytes[0], static_cast<size_t>(last - at + 1)));
    if (at == nullptr) return nullptr;
    if (std::memcmp(at, bytes.data(), bytes.size()) == 0) return at;
  }
  return nullptr;
}

}  // namespace

bool LikePattern::parse(std::string_view text, LikePattern& out) {
  out.segments_.assign(1, Segment{});
  bool literalOpen = false;  // whether the last piece still takes literal bytes
  const auto addByte = [&](char byte) {
    Segment& segment = out.segments_.back();
    if (!literalOpen) segment.push_back({});
    literalOpen = true;
    segment.back().bytes.push_back(byte);
  };
  for (size_t i = 0; i < text.size(); i++) {
    const char byte = text[i];
    if (byte == '%') {
      if (out.segments_.size() == 1 || !out.segments_.back().empty()) out.segments_.push_back({});
      literalOpen = false;
    } else if (byte == '_') {
      Segment& segment = out.segments_.back();
      if (segment.empty()) segment.push_back({});
      segment.back().skips++;
      literalOpen = false;
    } else if (byte == '\\') {
      if (++i == text.size()) return false;
      addByte(text[i]);
    } else {
      addByte(byte);
    }
  }
  return true;
}

bool LikePattern::matches(std::string_view text) const {
  const char* at = text.data();
  const char* end = at + text.size();
  at = matchForward(segments_.front(), at, end);
  if (at == nullptr) return false;
  if (segments_.size() == 1) return at == end;
  end = matchBackward(segments_.back(), at, end);
  if (end == nullptr) return false;
  for (size_t i = 1; i + 1 < segments_.size(); i++) {
    at = find(segments_[i], at, end);
    if (at == nullptr) return false;
  }
  return true;
}

/** Matches a segment at `at`; where it ends. */
const char* LikePattern::matchForward(const Segment& segment, const char* at, const char* end) {
  for (const Piece& piece : segment) {
    const size_t sizeBytes = piece.bytes.size();
    if (static_cast<size_t>(end - at) < sizeBytes) return nullptr;
    if (std::memcmp(at, piece.bytes.data(), sizeBytes) != 0) return nullptr;
    at += sizeBytes;
    for (size_t i = 0; i < piece.skips; i++) {
      if (at >= end) return nullptr;
      at = nextPoint(at, end);
    }
  }
  return at;
}

/** Matches a segment that ends at `end`; where it begins. */
const char* LikePattern::matchBackward(const Segment& segment, const char* begin, const char* end) {
  for (size_t i = segment.size(); i-- > 0;) {
    const Piece& piece = segment[i];
    for (size_t skip = 0; skip < piece.skips; skip++) {
      if (end <= begin) return nullptr;
      end = previousPoint(begin, end);
    }
    const size_t sizeBytes = piece.bytes.size();
    if (static_cast<size_t>(end - begin) < sizeBytes) return nullptr;
    end -= sizeBytes;
    if (std::memcmp(end, piece.bytes.data(), sizeBytes) != 0) return nullptr;
  }
  return end;
}

/** Leftmost match of a segment; where it ends. */
const char* LikePattern::find(const Segment& segment, const char* at, const char* end) {
  if (segment.empty()) return at;
  for (;;) {
    at = findBytes(at, end, segment.front().bytes);
    if (at == nullptr) return nullptr;
    const char* const after = matchForward(segment, at, end);
    if (after != nullptr) return after;
    if (at >= end) return nullptr;
    at = nextPoint(at, end);
  }
}

}  // namespace dipper
