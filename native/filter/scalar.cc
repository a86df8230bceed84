// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// See scalar.h.
#include "filter/scalar.h"

#include <cmath>
#include <limits>

#include "filter/json-find.h"

namespace dipper {
namespace {

template <typename T>
Order orderOf(T left, T right) {
  if (left < right) return Order::less;
  if (left > right) return Order::greater;
  return left == right ? Order::equal : Order::unordered;
}

/** Exact: beyond int64's range the sign decides, inside it the whole parts, then the fraction. */
Order compareIntReal(int64_t left, double right) {
  constexpr double edge = 9223372036854775808.0;
  if (std::isnan(right)) return Order::unordered;
  if (right >= edge) return Order::less;
  if (right < -edge) return Order::greater;
  const double whole = std::trunc(right);
  const Order order = orderOf(left, static_cast<int64_t>(whole));
  return order == Order::equal ? orderOf(whole, right) : order;
}

Order mirrored(Order order) {
  if (order == Order::less) return Order::greater;
  return order == Order::greater ? Order::less : order;
}

Order compareNumbers(const Scalar& left, const Scalar& right) {
  const bool leftWhole = left.kind == ScalarKind::integer;
  const bool rightWhole = right.kind == ScalarKind::integer;
  if (leftWhole && rightWhole) return orderOf(left.integer, right.integer);
  if (leftWhole) return compareIntReal(left.integer, right.number);
  if (rightWhole) return mirrored(compareIntReal(right.integer, left.number));
  return orderOf(left.number, right.number);
}

Scalar calculateInteger(FilterOp op, int64_t left, int64_t right) {
  int64_t result = 0;
  switch (op) {
    case FilterOp::add:
      return __builtin_add_overflow(left, right, &result) ? Scalar() : Scalar::ofInteger(result);
    case FilterOp::subtract:
      return __builtin_sub_overflow(left, right, &result) ? Scalar() : Scalar::ofInteger(result);
    case FilterOp::multiply:
      return __builtin_mul_overflow(left, right, &result) ? Scalar() : Scalar::ofInteger(result);
    case FilterOp::divide:
      if (right == 0) return {};
      return right == -1 ? negated(Scalar::ofInteger(left)) : Scalar::ofInteger(left / right);
    case FilterOp::modulo:
      if (right == 0) return {};
      return Scalar::ofInteger(right == -1 ? 0 : left % right);
    case FilterOp::bitAnd:
      return Scalar::ofInteger(left & right);
    case FilterOp::bitOr:
      return Scalar::ofInteger(left | right);
    case FilterOp::bitXor:
      return Scalar::ofInteger(left ^ right);
    case FilterOp::shiftLeft:
      if (right < 0 || right > 63) return {};
      return Scalar::ofInteger(static_cast<int64_t>(static_cast<uint64_t>(left) << right));
    case FilterOp::shiftRight:
      return right < 0 || right > 63 ? Scalar() : Scalar::ofInteger(left >> right);
    default:
      return {};
  }
}

}  // namespace

std::string_view plainText(const Scalar& value, std::string& scratch) {
  if (!value.escaped) return value.text;
  JsonValue json;
  json.escaped = true;
  json.text = value.text;
  return jsonText(json, scratch);
}

Order compareScalars(const Scalar& left, const Scalar& right, TextScratch& scratch) {
  if (left.numeric() && right.numeric()) return compareNumbers(left, right);
  if (left.kind != right.kind) return Order::none;
  switch (left.kind) {
    case ScalarKind::boolean:
      return orderOf(left.integer, right.integer);
    case ScalarKind::text: {
      const int order = plainText(left, scratch.left).compare(plainText(right, scratch.right));
      return orderOf(order, 0);
    }
    default:
      return Order::none;
  }
}

bool satisfies(FilterOp op, Order order) {
  switch (op) {
    case FilterOp::equal:
      return order == Order::equal;
    case FilterOp::notEqual:
      return order != Order::equal;
    case FilterOp::less:
      return order == Order::less;
    case FilterOp::lessEqual:
      return order == Order::less || order == Order::equal;
    case FilterOp::greater:
      return order == Order::greater;
    default:
      return order == Order::greater || order == Order::equal;
  }
}

Scalar calculate(FilterOp op, const Scalar& left, const Scalar& right) {
  if (!left.numeric() || !right.numeric()) return {};
  if (op == FilterOp::power) return Scalar::ofNumber(std::pow(left.real(), right.real()));
  if (left.kind == ScalarKind::integer && right.kind == ScalarKind::integer) {
    return calculateInteger(op, left.integer, right.integer);
  }
  const double a = left.real();
  const double b = right.real();
  switch (op) {
    case FilterOp::add:
      return Scalar::ofNumber(a + b);
    case FilterOp::subtract:
      return Scalar::ofNumber(a - b);
    case FilterOp::multiply:
      return Scalar::ofNumber(a * b);
    case FilterOp::divide:
      return b == 0 ? Scalar() : Scalar::ofNumber(a / b);
    default:
      return {};
  }
}

Scalar negated(const Scalar& value) {
  if (value.kind == ScalarKind::number) return Scalar::ofNumber(-value.number);
  if (value.kind != ScalarKind::integer) return {};
  if (value.integer == std::numeric_limits<int64_t>::min()) return {};
  return Scalar::ofInteger(-value.integer);
}

}  // namespace dipper
