// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Primary keys in the form in which they leave native code, in hit or request order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "segment/key.h"

namespace dipper {

struct PrimaryKeys {
  bool isText = false;
  std::vector<int64_t> numbers;
  std::vector<uint32_t> offsets{0};
  std::string bytes;

  void push(const KeyRef& key) {
    if (!key.isText) {
      numbers.push_back(key.number);
      return;
    }
    bytes.append(key.text);
    offsets.push_back(static_cast<uint32_t>(bytes.size()));
  }
  size_t count() const { return isText ? offsets.size() - 1 : numbers.size(); }
};

struct KeyHasher {
  size_t operator()(const KeyRef& key) const { return key.hash(); }
};

}  // namespace dipper
