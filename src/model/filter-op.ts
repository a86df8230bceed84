// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Op-codes of a filter program: the numbers that src/expr writes and native/filter reads.
// native/filter/filter-op.h is the same list; filter-op.test.ts holds them together. Numbers are
// never reused. Value ops push a value column, predicate ops (from 32) a truth/known pair.

export const filterOps = {
  // values
  constBool: 1,
  constInt: 2,
  constDouble: 3,
  constString: 4,
  column: 5,
  jsonPath: 6,
  add: 8,
  subtract: 9,
  multiply: 10,
  divide: 11,
  modulo: 12,
  power: 13,
  negate: 14,
  roundFloat: 15,
  bitAnd: 16,
  bitOr: 17,
  bitXor: 18,
  shiftLeft: 19,
  shiftRight: 20,
  // predicates
  truthConst: 32,
  truthOf: 33,
  equal: 34,
  notEqual: 35,
  less: 36,
  lessEqual: 37,
  greater: 38,
  greaterEqual: 39,
  range: 40,
  inSet: 41,
  like: 42,
  isNull: 43,
  exists: 44,
  and: 45,
  or: 46,
  not: 47,
} as const;

export type FilterOpName = keyof typeof filterOps;
export type FilterOp = (typeof filterOps)[FilterOpName];
