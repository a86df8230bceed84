// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The bound tree: a filter after names, types, templates and constants are settled. It is what the
// program is written from and what the oracle evaluates, so both mean the same by construction
// up to here. Constants already have the type of what they are compared with.

import type { FieldSchema } from '../model/index.ts';

/** float is a float32 column or arithmetic on one: its results are rounded to 32 bits. */
export type ValueType = 'bool' | 'int' | 'float' | 'double' | 'string' | 'json';

export type BoundConst =
  | { readonly kind: 'const'; readonly type: 'bool'; readonly value: boolean }
  | { readonly kind: 'const'; readonly type: 'int'; readonly value: bigint }
  | { readonly kind: 'const'; readonly type: 'double'; readonly value: number }
  | { readonly kind: 'const'; readonly type: 'string'; readonly value: string };

export interface BoundColumn {
  readonly kind: 'column';
  readonly type: ValueType;
  readonly field: FieldSchema;
}

/** A place in a JSON field; an empty path is the document. */
export interface BoundPath {
  readonly kind: 'path';
  readonly type: 'json';
  readonly field: FieldSchema;
  readonly path: readonly string[];
}

export type ArithmeticOp =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'modulo'
  | 'power'
  | 'bitAnd'
  | 'bitOr'
  | 'bitXor'
  | 'shiftLeft'
  | 'shiftRight';

export interface BoundArithmetic {
  readonly kind: 'arithmetic';
  readonly op: ArithmeticOp;
  readonly type: ValueType;
  readonly left: BoundValue;
  readonly right: BoundValue;
}

export interface BoundNegate {
  readonly kind: 'negate';
  readonly type: ValueType;
  readonly operand: BoundValue;
}

export type BoundValue = BoundConst | BoundColumn | BoundPath | BoundArithmetic | BoundNegate;

export type CompareName = 'equal' | 'notEqual' | 'less' | 'lessEqual' | 'greater' | 'greaterEqual';

/**
 * Members of an `in` list, each once: integers ascending, then numbers that are no int64, strings
 * and booleans. A whole number is always in `ints` when the set belongs to a JSON value.
 */
export interface ValueSet {
  readonly ints: BigInt64Array;
  readonly doubles: Float64Array;
  readonly strings: readonly string[];
  readonly hasTrue: boolean;
  readonly hasFalse: boolean;
}

export type BoundPredicate =
  | { readonly kind: 'truth'; readonly truth: boolean }
  | { readonly kind: 'truthOf'; readonly value: BoundValue }
  | {
      readonly kind: 'compare';
      readonly op: CompareName;
      readonly left: BoundValue;
      readonly right: BoundValue;
    }
  | {
      readonly kind: 'range';
      readonly value: BoundValue;
      readonly lower: BoundConst;
      readonly lowerInclusive: boolean;
      readonly upper: BoundConst;
      readonly upperInclusive: boolean;
    }
  | { readonly kind: 'in'; readonly value: BoundValue; readonly set: ValueSet }
  | { readonly kind: 'like'; readonly value: BoundValue; readonly pattern: string }
  | { readonly kind: 'isNull'; readonly field: FieldSchema }
  | { readonly kind: 'exists'; readonly field: FieldSchema; readonly path: readonly string[] }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly BoundPredicate[] }
  | { readonly kind: 'not'; readonly term: BoundPredicate };
