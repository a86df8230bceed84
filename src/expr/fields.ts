// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Which fields a filter reads: what a sealed segment must have decoded before it can answer.

import type { BoundPredicate, BoundValue } from './bound.ts';

/** Ids of the fields a predicate reads, ascending, each once. */
export function fieldIdsOf(predicate: BoundPredicate): number[] {
  const ids = new Set<number>();
  fromPredicate(predicate, ids);
  return [...ids].sort((a, b) => a - b);
}

function fromPredicate(node: BoundPredicate, ids: Set<number>): void {
  switch (node.kind) {
    case 'truth':
      return;
    case 'truthOf':
    case 'range':
    case 'in':
    case 'like':
      return fromValue(node.value, ids);
    case 'compare':
      fromValue(node.left, ids);
      return fromValue(node.right, ids);
    case 'isNull':
    case 'exists':
      ids.add(node.field.id);
      return;
    case 'and':
    case 'or':
      for (const term of node.terms) fromPredicate(term, ids);
      return;
    case 'not':
      return fromPredicate(node.term, ids);
  }
}

function fromValue(node: BoundValue, ids: Set<number>): void {
  switch (node.kind) {
    case 'const':
      return;
    case 'column':
    case 'path':
      ids.add(node.field.id);
      return;
    case 'negate':
      return fromValue(node.operand, ids);
    case 'arithmetic':
      fromValue(node.left, ids);
      return fromValue(node.right, ids);
  }
}
