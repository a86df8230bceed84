// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One value met while a predicate is evaluated row by row, with the language's rules: int64
// arithmetic that turns overflow into "missing", an integer and a double compared exactly, a type
// mismatch that has no order. The twin of src/expr/numeric.ts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "filter/filter-op.h"

namespace dipper {

enum class ScalarKind : uint8_t { missing, boolean, integer, number, text };

struct Scalar {
  ScalarKind kind = ScalarKind::missing;
  bool escaped = false;  // text of a JSON string with its escapes still in
  union {
    int64_t integer = 0;  // boolean: 0 or 1
    double number;
  };
  std::string_view text;

  static Scalar ofBoolean(bool value) { return ofInteger(value ? 1 : 0, ScalarKind::boolean); }
  static Scalar ofInteger(int64_t value, ScalarKind kind = ScalarKind::integer) {
    Scalar scalar;
    scalar.kind = kind;
    scalar.integer = value;
    return scalar;
  }
  static Scalar ofNumber(double value) {
    Scalar scalar;
    scalar.kind = ScalarKind::number;
    scalar.number = value;
    return scalar;
  }
  static Scalar ofText(std::string_view value) {
    Scalar scalar;
    scalar.kind = ScalarKind::text;
    scalar.text = value;
    return scalar;
  }
  bool numeric() const { return kind == ScalarKind::integer || kind == ScalarKind::number; }
  double real() const {
    return kind == ScalarKind::integer ? static_cast<double>(integer) : number;
  }
};

/** How two values stand; `none` when they cannot be compared, `unordered` when one is NaN. */
enum class Order : uint8_t { less, equal, greater, unordered, none };

/** Reusable memory for strings whose escapes must be read. */
struct TextScratch {
  std::string left;
  std::string right;
};

Order compareScalars(const Scalar& left, const Scalar& right, TextScratch& scratch);

/** Whether an order satisfies equal .. greaterEqual; unordered satisfies notEqual alone. */
bool satisfies(FilterOp op, Order order);

/** add .. shiftRight; missing for overflow, division by zero, or operands the op refuses. */
Scalar calculate(FilterOp op, const Scalar& left, const Scalar& right);
Scalar negated(const Scalar& value);

/** The text with its escapes read. */
std::string_view plainText(const Scalar& value, std::string& scratch);

}  // namespace dipper
