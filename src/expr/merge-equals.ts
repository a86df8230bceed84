// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// `a == 1 or a == 2 or a in [3, 4]` is `a in [1, 2, 3, 4]`: one look-up a row instead of a scan a
// term. Only for plain integer and string columns, where both forms are unknown for exactly the
// null rows; a JSON value of another type would answer differently. A handful of integers is
// scanned for by the executor, which knows what is faster.

import { intSet, stringSet } from './bind-set.ts';
import type { BoundColumn, BoundPredicate } from './bound.ts';

const mergedTermsMin = 2;

interface Group {
  readonly column: BoundColumn;
  readonly terms: BoundPredicate[];
  readonly ints: bigint[];
  readonly strings: string[];
}

/** The terms of an or, with equalities of one column merged; order among the rest is kept. */
export function mergeEquals(terms: readonly BoundPredicate[]): BoundPredicate[] {
  const groups = new Map<number, Group>();
  const merged: BoundPredicate[] = [];
  for (const term of terms) if (!addTo(groups, term)) merged.push(term);
  for (const group of groups.values()) {
    if (group.terms.length < mergedTermsMin) {
      for (const term of group.terms) merged.push(term);
    } else {
      const set =
        group.column.type === 'int'
          ? intSet(BigInt64Array.from(group.ints))
          : stringSet(group.strings);
      merged.push({ kind: 'in', value: group.column, set });
    }
  }
  return merged;
}

/** Notes what a term says about its column; false when it is no equality of a plain column. */
function addTo(groups: Map<number, Group>, term: BoundPredicate): boolean {
  const column =
    term.kind === 'compare' && term.op === 'equal'
      ? term.left
      : term.kind === 'in'
        ? term.value
        : null;
  if (
    column === null ||
    column.kind !== 'column' ||
    (column.type !== 'int' && column.type !== 'string')
  )
    return false;
  const constant = term.kind === 'compare' ? term.right : null;
  if (constant !== null && (constant.kind !== 'const' || constant.type !== column.type))
    return false;
  const group = groups.get(column.field.id) ?? { column, terms: [], ints: [], strings: [] };
  groups.set(column.field.id, group);
  group.terms.push(term);
  if (term.kind === 'in') {
    for (const value of term.set.ints) group.ints.push(value);
    for (const value of term.set.strings) group.strings.push(value);
  } else if (constant?.kind === 'const') {
    if (constant.type === 'int') group.ints.push(constant.value);
    if (constant.type === 'string') group.strings.push(constant.value);
  }
  return true;
}
