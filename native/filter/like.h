// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The like matcher: % is any run of code points, _ one code point, \ takes the next byte as it
// is. A pattern is cut at its % into segments; the first and last are anchored, those between are
// found leftmost, so matching never backtracks. The usual shapes (equal, prefix, suffix, infix)
// are that same walk with nothing in between, done by memcmp and memmem.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dipper {

class LikePattern {
 public:
  /** False when the pattern ends in a backslash that escapes nothing. */
  static bool parse(std::string_view text, LikePattern& out);
  bool matches(std::string_view text) const;

 private:
  /** Literal bytes, then `skips` code points; a segment may begin with empty literal bytes. */
  struct Piece {
    std::string bytes;
    size_t skips = 0;
  };
  using Segment = std::vector<Piece>;

  static const char* matchForward(const Segment& segment, const char* at, const char* end);
  static const char* matchBackward(const Segment& segment, const char* begin, const char* end);
  static const char* find(const Segment& segment, const char* at, const char* end);

  std::vector<Segment> segments_;  // one more than the pattern has runs of %
};

}  // namespace dipper
