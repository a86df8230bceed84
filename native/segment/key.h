// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A primary key by reference: a number, or text that lies in a segment or a request. Which of
// the two is the schema's business; one collection never mixes them.
#pragma once

#include <cstdint>
#include <string_view>

#include "segment/key-hash.h"

namespace dipper {

struct KeyRef {
  int64_t number = 0;
  std::string_view text;
  bool isText = false;

  static KeyRef ofNumber(int64_t value) { return {value, {}, false}; }
  static KeyRef ofText(std::string_view value) { return {0, value, true}; }
  uint64_t hash() const { return isText ? hashKey(text) : hashKey(number); }
  bool operator==(const KeyRef& other) const {
    return isText ? text == other.text : number == other.number;
  }
  bool operator<(const KeyRef& other) const {
    return isText ? text < other.text : number < other.number;
  }
};

}  // namespace dipper
