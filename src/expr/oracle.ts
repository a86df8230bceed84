// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The meaning of a filter, one row at a time: slow, plain and exact, with strong Kleene logic
// spelled out. The native executor must agree with it bit for bit; where the two differ, one of
// them is wrong and a test says so. null is UNKNOWN throughout.

import type { BoundPredicate, BoundValue, ValueSet } from './bound.ts';
import { findPath, isAbsent, type JsonTree, readJson, setNumber } from './json-read.ts';
import { matchesLike } from './like.ts';
import {
  calculate,
  compareNumbers,
  compareStrings,
  negated,
  type Numeric,
  satisfies,
} from './numeric.ts';

export type Truth = true | false | null;

/** One row: a field's value, null when the row has none. JSON fields give their text. */
export interface OracleRow {
  value(fieldId: number): null | boolean | bigint | number | string;
}

/** A value met while evaluating. Trees are JSON arrays and objects, which compare with nothing. */
type RowValue = JsonTree | undefined;

/** Evaluates a predicate for a row: true, false, or null for unknown. */
export function filterOracle(predicate: BoundPredicate, row: OracleRow): Truth {
  switch (predicate.kind) {
    case 'truth':
      return predicate.truth;
    case 'truthOf': {
      const value = evaluate(predicate.value, row);
      return typeof value === 'boolean' ? value : null;
    }
    case 'compare': {
      const order = orderOf(evaluate(predicate.left, row), evaluate(predicate.right, row));
      return order === null ? null : satisfies(predicate.op, order);
    }
    case 'range': {
      const value = evaluate(predicate.value, row);
      const lower = orderOf(value, predicate.lower.value);
      const upper = orderOf(value, predicate.upper.value);
      if (lower === null || upper === null) return null;
      const above = satisfies(predicate.lowerInclusive ? 'greaterEqual' : 'greater', lower);
      return above && satisfies(predicate.upperInclusive ? 'lessEqual' : 'less', upper);
    }
    case 'in':
      return isMember(evaluate(predicate.value, row), predicate.set);
    case 'like': {
      const value = evaluate(predicate.value, row);
      return typeof value === 'string' ? matchesLike(value, predicate.pattern) : null;
    }
    case 'isNull':
      return row.value(predicate.field.id) === null;
    case 'exists':
      return exists(row, predicate.field.id, predicate.path);
    case 'not':
      return not(filterOracle(predicate.term, row));
    case 'and':
      return not(anyOf(predicate.terms, row, not));
    case 'or':
      return anyOf(predicate.terms, row, (truth) => truth);
  }
}

function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

/** Or over terms; and is the or of what is negated. */
function anyOf(
  terms: readonly BoundPredicate[],
  row: OracleRow,
  view: (truth: Truth) => Truth,
): Truth {
  let result: Truth = false;
  for (const term of terms) {
    const truth = view(filterOracle(term, row));
    if (truth === true) return true;
    if (truth === null) result = null;
  }
  return result;
}

function exists(row: OracleRow, fieldId: number, path: readonly string[]): boolean {
  const text = row.value(fieldId);
  const root = typeof text === 'string' ? readJson(text) : undefined;
  const found = root === undefined ? undefined : findPath(root, path);
  return found !== undefined && !isAbsent(found);
}

function evaluate(node: BoundValue, row: OracleRow): RowValue {
  switch (node.kind) {
    case 'const':
      return node.value;
    case 'column':
      return row.value(node.field.id);
    case 'path': {
      const text = row.value(node.field.id);
      const root = typeof text === 'string' ? readJson(text) : undefined;
      return root === undefined ? undefined : findPath(root, node.path);
    }
    case 'negate': {
      const operand = numeric(evaluate(node.operand, row));
      return operand === null ? null : negated(operand);
    }
    case 'arithmetic': {
      const left = numeric(evaluate(node.left, row));
      const right = numeric(evaluate(node.right, row));
      const result = left === null || right === null ? null : calculate(node.op, left, right);
      return node.type === 'float' && result !== null ? Math.fround(Number(result)) : result;
    }
  }
}

function numeric(value: RowValue): Numeric | null {
  return typeof value === 'bigint' || typeof value === 'number' ? value : null;
}

/** Order of two values of one kind, or null: a missing value or a type mismatch is unknown. */
function orderOf(left: RowValue, right: RowValue): number | null {
  if (typeof left === 'string')
    return typeof right === 'string' ? compareStrings(left, right) : null;
  if (typeof left === 'boolean')
    return typeof right === 'boolean' ? Number(left) - Number(right) : null;
  const a = numeric(left);
  const b = numeric(right);
  return a === null || b === null ? null : compareNumbers(a, b);
}

/** A set answers for the kinds of value it holds; another kind is unknown. */
function isMember(value: RowValue, set: ValueSet): Truth {
  if (typeof value === 'boolean') {
    if (!set.hasTrue && !set.hasFalse) return null;
    return value ? set.hasTrue : set.hasFalse;
  }
  if (typeof value === 'string')
    return set.strings.length === 0 ? null : set.strings.includes(value);
  const number = numeric(value);
  if (number === null || set.ints.length + set.doubles.length === 0) return null;
  const wanted = setNumber(number);
  return [...set.ints, ...set.doubles].some((member) => compareNumbers(member, wanted) === 0);
}
