// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Chooses how each predicate runs. A comparison of a numeric column with constants becomes
// "between": bounds are moved one step where they are exclusive and cut to the column's type, so
// that one loop over raw memory answers all of them. and/or terms run cheapest first: Kleene
// logic does not care about the order, and each term only sees the rows that are still open.
#include <algorithm>
#include <cmath>
#include <limits>

#include "filter/program.h"

namespace dipper {
namespace {

/** Up to here a scan a member beats a look-up a row. */
constexpr size_t fewMembers = 12;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr float infinityF = std::numeric_limits<float>::infinity();

double stepUp(double value, bool narrow) {
  if (narrow) return std::nextafter(static_cast<float>(value), infinityF);
  return std::nextafter(value, infinity);
}

double stepDown(double value, bool narrow) {
  if (narrow) return std::nextafter(static_cast<float>(value), -infinityF);
  return std::nextafter(value, -infinity);
}

void raiseLow(const FilterNode& constant, bool inclusive, bool narrow, FilterBounds& bounds) {
  bounds.low = constant.integer;
  bounds.lowReal = inclusive ? constant.number : stepUp(constant.number, narrow);
  if (inclusive) return;
  const bool atTop = constant.op == FilterOp::constDouble
                         ? constant.number == infinity
                         : constant.integer == std::numeric_limits<int64_t>::max();
  bounds.nothing = bounds.nothing || atTop;
  if (!atTop) bounds.low = constant.integer + 1;
}

void lowerHigh(const FilterNode& constant, bool inclusive, bool narrow, FilterBounds& bounds) {
  bounds.high = constant.integer;
  bounds.highReal = inclusive ? constant.number : stepDown(constant.number, narrow);
  if (inclusive) return;
  const bool atBottom = constant.op == FilterOp::constDouble
                            ? constant.number == -infinity
                            : constant.integer == std::numeric_limits<int64_t>::min();
  bounds.nothing = bounds.nothing || atBottom;
  if (!atBottom) bounds.high = constant.integer - 1;
}

template <typename T>
void cutToType(FilterBounds& bounds) {
  bounds.nothing = bounds.nothing || bounds.low > std::numeric_limits<T>::max() ||
                   bounds.high < std::numeric_limits<T>::min();
  bounds.low = std::max<int64_t>(bounds.low, std::numeric_limits<T>::min());
  bounds.high = std::min<int64_t>(bounds.high, std::numeric_limits<T>::max());
}

/** A constant of exactly the column's kind; int64 against doubles is left to the exact path. */
bool fits(const Field& field, const FilterNode& constant) {
  switch (field.type) {
    case DataType::boolean:
      return constant.op == FilterOp::constBool;
    case DataType::float32:
      return constant.op == FilterOp::constDouble &&
             (static_cast<double>(static_cast<float>(constant.number)) == constant.number);
    case DataType::float64:
      return constant.op == FilterOp::constDouble && !std::isnan(constant.number);
    case DataType::varchar:
      return false;
    default:
      return constant.op == FilterOp::constInt;
  }
}

void planBetween(const FilterTree& tree, FilterNode& node) {
  const FilterNode& column = tree.child(node, 0);
  if (column.op != FilterOp::column) return;
  const Field& field = tree.fields[column.slot];
  for (uint32_t i = 1; i < node.childCount; i++) {
    if (!fits(field, tree.child(node, i))) return;
  }
  const bool narrow = field.type == DataType::float32;
  const FilterNode& first = tree.child(node, 1);
  FilterBounds bounds;
  switch (node.op) {
    case FilterOp::equal:
    case FilterOp::notEqual:
      raiseLow(first, true, narrow, bounds);
      lowerHigh(first, true, narrow, bounds);
      break;
    case FilterOp::less:
    case FilterOp::lessEqual:
      lowerHigh(first, node.op == FilterOp::lessEqual, narrow, bounds);
      break;
    case FilterOp::greater:
    case FilterOp::greaterEqual:
      raiseLow(first, node.op == FilterOp::greaterEqual, narrow, bounds);
      break;
    default:
      raiseLow(first, (node.flags & 1) != 0, narrow, bounds);
      lowerHigh(tree.child(node, 2), (node.flags & 2) != 0, narrow, bounds);
  }
  bounds.cutTo(field.type);
  node.plan = FilterPlan::between;
  node.inverted = node.op == FilterOp::notEqual;
  node.slot = column.slot;
  node.bounds = bounds;
}

void planInSet(const FilterTree& tree, FilterNode& node) {
  const FilterNode& column = tree.child(node, 0);
  if (column.op != FilterOp::column || column.type != FilterType::integer) return;
  if (!node.set->hasIntegers() || tree.fields[column.slot].type == DataType::boolean) return;
  const bool few = node.set->integers().size() <= fewMembers;
  node.plan = few ? FilterPlan::columnInFew : FilterPlan::columnInSet;
  node.slot = column.slot;
}

void planText(const FilterTree& tree, FilterNode& node) {
  const FilterNode& column = tree.child(node, 0);
  if (column.op != FilterOp::column || column.type != FilterType::text) return;
  if (node.op == FilterOp::inSet && !node.set->hasTexts()) return;
  if (node.childCount == 2) {
    const FilterNode& constant = tree.child(node, 1);
    if (constant.op != FilterOp::constString) return;
    node.text = constant.text;
  }
  node.plan = FilterPlan::columnText;
  node.slot = column.slot;
}

uint64_t costOf(const FilterTree& tree, const FilterNode& node) {
  constexpr uint64_t textCost = 8;
  constexpr uint64_t jsonCost = 100;
  uint64_t cost = node.plan == FilterPlan::between ? 1 : 4;
  if (node.op == FilterOp::jsonPath || node.op == FilterOp::exists) cost = jsonCost;
  if (node.type == FilterType::text || node.plan == FilterPlan::columnText) cost = textCost;
  if (node.op == FilterOp::like) cost = 2 * textCost;
  if (node.plan != FilterPlan::general) return cost;
  for (uint32_t i = 0; i < node.childCount; i++) cost += tree.child(node, i).cost;
  return cost;
}

}  // namespace

bool FilterBounds::cutTo(DataType type) {
  switch (type) {
    case DataType::int8:
      cutToType<int8_t>(*this);
      break;
    case DataType::int16:
      cutToType<int16_t>(*this);
      break;
    case DataType::int32:
      cutToType<int32_t>(*this);
      break;
    default:
      break;
  }
  return !nothing;
}

void planFilterTree(FilterTree& tree) {
  for (FilterNode& node : tree.nodes) {
    if (node.op >= FilterOp::equal && node.op <= FilterOp::range) planBetween(tree, node);
    if (node.op == FilterOp::inSet) planInSet(tree, node);
    if ((node.op >= FilterOp::equal && node.op <= FilterOp::greaterEqual) ||
        node.op == FilterOp::inSet || node.op == FilterOp::like) {
      planText(tree, node);
    }
    node.cost = costOf(tree, node);
    if (node.op != FilterOp::and_ && node.op != FilterOp::or_) continue;
    const auto from = tree.children.begin() + node.firstChild;
    std::stable_sort(from, from + node.childCount, [&](uint32_t a, uint32_t b) {
      return tree.nodes[a].cost < tree.nodes[b].cost;
    });
  }
}

}  // namespace dipper
