// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Op-codes of a filter program, the same list as src/model/filter-op.ts (whose test reads this
// file). Numbers are never reused. Value ops push a value column, predicate ops (from 32) a
// truth/known pair.
#pragma once

#include <cstdint>

namespace dipper {

enum class FilterOp : uint8_t {
  // values
  constBool = 1,
  constInt = 2,
  constDouble = 3,
  constString = 4,
  column = 5,
  jsonPath = 6,
  add = 8,
  subtract = 9,
  multiply = 10,
  divide = 11,
  modulo = 12,
  power = 13,
  negate = 14,
  roundFloat = 15,
  bitAnd = 16,
  bitOr = 17,
  bitXor = 18,
  shiftLeft = 19,
  shiftRight = 20,
  // predicates
  truthConst = 32,
  truthOf = 33,
  equal = 34,
  notEqual = 35,
  less = 36,
  lessEqual = 37,
  greater = 38,
  greaterEqual = 39,
  range = 40,
  inSet = 41,
  like = 42,
  isNull = 43,
  exists = 44,
  and_ = 45,
  or_ = 46,
  not_ = 47,
};

inline bool isPredicateOp(FilterOp op) { return static_cast<uint8_t>(op) >= 32; }

}  // namespace dipper
