// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// See json-find.h. Skipping is iterative (a depth counter, no recursion), so nesting costs no
// stack; only `exists` walks down objects, and it stops at a depth cap.
#include "filter/json-find.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace dipper {
namespace {

constexpr int existsDepthMax = 512;
constexpr std::string_view arrayIndexChars = "0123456789";

/** Moves over eight bytes at a time while none of them is a quote or a backslash. */
const char* skipPlain(const char* at, const char* end) {
  constexpr uint64_t ones = 0x0101010101010101;
  constexpr uint64_t tops = 0x8080808080808080;
  while (end - at >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    const uint64_t quote = word ^ (ones * '"');
    const uint64_t slash = word ^ (ones * '\\');
    const uint64_t found = ((quote - ones) & ~quote & tops) | ((slash - ones) & ~slash & tops);
    if (found != 0) return at + __builtin_ctzll(found) / 8;
    at += 8;
  }
  return at;
}

/** A position in a document. Every read checks the end; a failed read leaves `at` at the end. */
struct Cursor {
  const char* at;
  const char* end;

  bool done() const { return at >= end; }
  void fail() { at = end; }
  void space() {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  }
  /** Skips space and takes one symbol if it is next. */
  bool take(char symbol) {
    space();
    if (at >= end || *at != symbol) return false;
    at++;
    return true;
  }
  /** Takes a string whose opening quote was taken; the bytes between the quotes. */
  bool string(std::string_view& text, bool& escaped) {
    const char* const from = at;
    escaped = false;
    for (;;) {
      at = skipPlain(at, end);
      if (at >= end || *at == '"') break;
      if (*at == '\\') {
        escaped = true;
        if (++at >= end) break;
      }
      at++;
    }
    if (at >= end) {
      fail();
      return false;
    }
    text = {from, static_cast<size_t>(at - from)};
    at++;
    return true;
  }
  bool skipValue();
};

bool Cursor::skipValue() {
  std::string_view text;
  bool escaped;
  int depth = 0;
  space();
  while (at < end) {
    const char symbol = *at;
    if (symbol == '"') {
      at++;
      if (!string(text, escaped)) return false;
    } else if (symbol == '{' || symbol == '[') {
      depth++;
      at++;
    } else if (symbol == '}' || symbol == ']') {
      if (depth == 0) return true;
      depth--;
      at++;
    } else if (symbol == ',' && depth == 0) {
      return true;
    } else {
      at++;
      continue;
    }
    if (depth == 0) return true;
  }
  return depth == 0;
}

bool isNumberChar(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

JsonValue readNumber(Cursor& cursor) {
  const char* const from = cursor.at;
  while (cursor.at < cursor.end && isNumberChar(*cursor.at)) cursor.at++;
  const char* const to = cursor.at;
  JsonValue value;
  if (from == to || *from == '+') return value;
  const auto whole = std::from_chars(from, to, value.integer);
  if (whole.ec == std::errc() && whole.ptr == to) {
    value.kind = JsonKind::integer;
    return value;
  }
  double number = 0;
  const auto real = std::from_chars(from, to, number);
  if (real.ec == std::errc::result_out_of_range) {
    number = std::strtod(std::string(from, to).c_str(), nullptr);
  } else if (real.ec != std::errc() || real.ptr != to) {
    return value;
  }
  value.kind = JsonKind::number;
  value.number = number;
  return value;
}

JsonValue readWord(Cursor& cursor, std::string_view word, JsonKind kind, bool boolean) {
  JsonValue value;
  const auto left = static_cast<size_t>(cursor.end - cursor.at);
  if (left < word.size() || std::memcmp(cursor.at, word.data(), word.size()) != 0) return value;
  cursor.at += word.size();
  value.kind = kind;
  value.boolean = boolean;
  return value;
}

/** The value at the cursor; of an array or object only where it begins. */
JsonValue readValue(Cursor& cursor) {
  cursor.space();
  JsonValue value;
  if (cursor.done()) return value;
  switch (*cursor.at) {
    case '{':
    case '[':
      value.kind = *cursor.at == '{' ? JsonKind::object : JsonKind::array;
      value.text = {cursor.at, static_cast<size_t>(cursor.end - cursor.at)};
      return value;
    case '"':
      cursor.at++;
      if (cursor.string(value.text, value.escaped)) value.kind = JsonKind::string;
      return value;
    case 't':
      return readWord(cursor, "true", JsonKind::boolean, true);
    case 'f':
      return readWord(cursor, "false", JsonKind::boolean, false);
    case 'n':
      return readWord(cursor, "null", JsonKind::null, false);
    default:
      return readNumber(cursor);
  }
}

bool hexDigits(const char* at, const char* end, uint32_t& value) {
  if (end - at < 4) return false;
  const auto read = std::from_chars(at, at + 4, value, 16);
  return read.ec == std::errc() && read.ptr == at + 4;
}

void appendPoint(uint32_t point, std::string& out) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
    return;
  }
  if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (point >> 6)));
  } else {
    if (point < 0x10000) {
      out.push_back(static_cast<char>(0xe0 | (point >> 12)));
    } else {
      out.push_back(static_cast<char>(0xf0 | (point >> 18)));
      out.push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3f)));
    }
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3f)));
  }
  out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
}

/** A \u escape whose digits begin at `at`; a lone surrogate becomes U+FFFD. Where it ends. */
const char* readUnicode(const char* at, const char* end, std::string& out) {
  uint32_t point = 0;
  if (!hexDigits(at, end, point)) return end;
  at += 4;
  if (point >= 0xd800 && point < 0xdc00) {
    uint32_t low = 0;
    const bool paired = end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
                        hexDigits(at + 2, end, low) && low >= 0xdc00 && low < 0xe000;
    if (paired) {
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    } else {
      point = 0xfffd;
    }
  } else if (point >= 0xdc00 && point < 0xe000) {
    point = 0xfffd;
  }
  appendPoint(point, out);
  return at;
}

void unescape(std::string_view text, std::string& out) {
  out.clear();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    if (*at != '\\' || at + 1 >= end) {
      out.push_back(*at++);
      continue;
    }
    const char symbol = at[1];
    at += 2;
    constexpr std::string_view letters = "nrtbf";
    constexpr std::string_view controls = "\n\r\t\b\f";
    const size_t letter = letters.find(symbol);
    if (symbol == 'u') {
      at = readUnicode(at, end, out);
    } else {
      out.push_back(letter == std::string_view::npos ? symbol : controls[letter]);
    }
  }
}

bool sameKey(std::string_view text, bool escaped, const std::string& key, std::string& scratch) {
  if (!escaped) return text == key;
  unescape(text, scratch);
  return scratch == key;
}

/** Moves the cursor, which stands at `{`, to the value of a key. */
bool enterKey(Cursor& cursor, const std::string& key) {
  std::string_view text;
  bool escaped;
  std::string scratch;
  cursor.at++;
  if (cursor.take('}')) return false;
  do {
    if (!cursor.take('"') || !cursor.string(text, escaped) || !cursor.take(':')) return false;
    if (sameKey(text, escaped, key, scratch)) return true;
    if (!cursor.skipValue()) return false;
  } while (cursor.take(','));
  return false;
}

/** Moves the cursor, which stands at `[`, to the value at an index. */
bool enterIndex(Cursor& cursor, int64_t index) {
  cursor.at++;
  cursor.space();
  if (cursor.done() || *cursor.at == ']') return false;
  for (int64_t i = 0; i < index; i++) {
    if (!cursor.skipValue() || !cursor.take(',')) return false;
  }
  return true;
}

/** Whether a value counts for exists; the cursor moves behind it. */
bool counts(Cursor& cursor, int depth) {
  cursor.space();
  if (cursor.done() || depth > existsDepthMax) return false;
  if (*cursor.at != '{') {
    Cursor peek = cursor;
    const JsonKind kind = readValue(peek).kind;
    cursor.skipValue();
    return kind != JsonKind::null && kind != JsonKind::missing;
  }
  std::string_view text;
  bool escaped;
  cursor.at++;
  if (cursor.take('}')) return false;
  do {
    if (!cursor.take('"') || !cursor.string(text, escaped) || !cursor.take(':')) return false;
    if (counts(cursor, depth + 1)) return true;
  } while (cursor.take(','));
  cursor.take('}');
  return false;
}

}  // namespace

void JsonPath::add(std::string_view key) {
  Step step;
  step.key = std::string(key);
  const bool digits =
      !key.empty() && key.size() <= 9 && key.find_first_not_of(arrayIndexChars) == key.npos;
  if (digits && (key.size() == 1 || key[0] != '0')) {
    std::from_chars(key.data(), key.data() + key.size(), step.index);
  }
  steps.push_back(std::move(step));
}

JsonValue findJson(std::string_view document, const JsonPath& path) {
  Cursor cursor{document.data(), document.data() + document.size()};
  cursor.space();
  for (const JsonPath::Step& step : path.steps) {
    cursor.space();
    if (cursor.done()) return {};
    const bool entered = *cursor.at == '{'   ? enterKey(cursor, step.key)
                         : *cursor.at == '[' ? step.index >= 0 && enterIndex(cursor, step.index)
                                             : false;
    if (!entered) return {};
  }
  return readValue(cursor);
}

bool jsonCounts(const JsonValue& value) {
  if (value.kind == JsonKind::missing || value.kind == JsonKind::null) return false;
  if (value.kind != JsonKind::object) return true;
  Cursor cursor{value.text.data(), value.text.data() + value.text.size()};
  return counts(cursor, 0);
}

std::string_view jsonText(const JsonValue& value, std::string& scratch) {
  if (!value.escaped) return value.text;
  unescape(value.text, scratch);
  return scratch;
}

}  // namespace dipper
