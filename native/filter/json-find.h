// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Reads one value out of a JSON document, over the original bytes and without building a tree:
// what does not lie on the path is skipped. Rules, shared with the oracle (src/expr/json-read.ts):
// of duplicate keys the first wins; a decimal step is a key where it meets an object and an index
// where it meets an array; integers are exact while int64 holds them, else doubles. A malformed
// document, as far as it was read, has no values; no input makes it read out of bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dipper {

enum class JsonKind : uint8_t { missing, null, boolean, integer, number, string, array, object };

struct JsonValue {
  JsonKind kind = JsonKind::missing;
  bool escaped = false;  // the string holds escapes
  union {
    int64_t integer = 0;
    double number;
    bool boolean;
  };
  std::string_view text;  // string: between the quotes; array, object: from its bracket on
};

/** A path, prepared once a program. */
struct JsonPath {
  struct Step {
    std::string key;
    int64_t index = -1;  // the key as an array index, or -1
  };
  std::vector<Step> steps;
  void add(std::string_view key);
};

JsonValue findJson(std::string_view document, const JsonPath& path);

/** False for a missing value, null, and an object of nothing but such (Milvus's exists). */
bool jsonCounts(const JsonValue& value);

/** The string with its escapes read; `scratch` holds the result when there were any. */
std::string_view jsonText(const JsonValue& value, std::string& scratch);

}  // namespace dipper
