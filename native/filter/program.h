// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The filter program as bytes and as a checked tree. src/expr/program.ts writes the bytes; the
// two pages must change together, under a new version.
//
// Little-endian.
//   header, 64 bytes
//     0 u32 magic 'DFP1'   4 u16 version 1   6 u16 zero   8 u32 instruction count
//    12 u32 stack depth   16 u32 total bytes (a multiple of 64)
//    20 u32 start of constants (a multiple of 64)   24.. zero
//   instructions, 32 bytes each, in postfix order: operands first
//     0 u8 op (filter-op.h)   1 u8 flags   2 u16 zero
//     4 u32 field id (column, jsonPath, isNull, exists; else 0)
//     8 u32 operand count (and, or; else 0)
//    12 u32 bytes of the constant
//    16 u64 the value itself (constBool 0/1, constInt, constDouble, truthConst 0/1)
//        or the constant's offset from the program's first byte, a multiple of 8
//    24.. zero
//   constants
//     constString, like   UTF-8
//     jsonPath, exists    u32 step count, then u32 length and UTF-8 for each step, unaligned
//     inSet               u32 ints, u32 doubles, u32 strings, u32 flags (1 true, 2 false);
//                         i64s ascending, f64s ascending, u32 string ends, UTF-8
//   flags of range: 1 lower bound inclusive, 2 upper bound inclusive; its operands are value,
//   lower, upper.
// Ops but and/or take a fixed number of operands; each leaves one result, the program a predicate.
//
// Nothing in the bytes is trusted: parsing checks bounds, operand types against the schema, stack
// and nesting depth, and what is left is a tree whose evaluation cannot fail.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filter/filter-op.h"
#include "filter/filter.h"
#include "filter/json-find.h"
#include "filter/like.h"
#include "filter/value-set.h"

namespace dipper {

/** What a node leaves. */
enum class FilterType : uint8_t { predicate, boolean, integer, number, text, json };

/** How a predicate is executed; chosen from its shape while parsing. */
enum class FilterPlan : uint8_t {
  general,       // row by row over values
  between,       // a numeric or boolean column between two constants
  columnInSet,   // an integer column in a set
  columnInFew,   // the same for a handful of members
  columnText,    // a VarChar column against a constant, a set or a pattern
};

/** Bounds of a between, both included: integers for integer and boolean columns, else doubles. */
struct FilterBounds {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
  double lowReal = -std::numeric_limits<double>::infinity();
  double highReal = std::numeric_limits<double>::infinity();
  bool nothing = false;  // no value can be inside

  /** Cuts the integer bounds to what a column's type can hold; false when nothing is left. */
  bool cutTo(DataType type);
};

struct FilterNode {
  FilterOp op = FilterOp::truthConst;
  FilterType type = FilterType::predicate;
  FilterPlan plan = FilterPlan::general;
  uint8_t flags = 0;
  bool inverted = false;       // between: all known rows outside instead
  uint32_t slot = 0;           // index into FilterTree::fields
  uint32_t firstChild = 0;     // index into FilterTree::children
  uint32_t childCount = 0;
  uint32_t height = 1;
  uint64_t cost = 1;           // estimated work a row; orders and/or terms
  int64_t integer = 0;         // constInt; constBool and truthConst 0/1
  double number = 0;           // constDouble
  FilterBounds bounds;         // between
  std::string_view text;       // constString, columnText; points into the tree's bytes
  std::unique_ptr<JsonPath> path;
  std::unique_ptr<ValueSet> set;
  std::unique_ptr<LikePattern> like;
};

/** A parsed program. Nodes lie in postfix order; the last one is the root. */
struct FilterTree {
  std::vector<uint64_t> bytes;     // the program's own copy, 8-byte aligned
  std::vector<FilterNode> nodes;
  std::vector<uint32_t> children;  // node indexes
  std::vector<Field> fields;       // every field the program reads, by slot

  const FilterNode& root() const { return nodes.back(); }
  const FilterNode& child(const FilterNode& node, uint32_t i) const {
    return nodes[children[node.firstChild + i]];
  }
};

/** Checks everything; code 'corrupt' when the bytes are no program for this schema. */
Status parseFilterTree(const uint8_t* bytes, size_t sizeBytes, const Schema& schema,
                       FilterTree& out);

/** Chooses plans, orders and/or terms by cost. Changes how, never what. */
void planFilterTree(FilterTree& tree);

}  // namespace dipper
