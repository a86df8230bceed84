// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The oracle against the native executor: random filters over random rows must get the same
// answer, true, false or unknown, for every row; and damaged programs must be refused or run, but
// never break the process.

import { describe, expect, it } from 'vitest';
import { native } from '../../native/index.ts';
import { batchOfRows, filterSchema, oracleRow, randomRows } from '../../test/support/filter-kit.ts';
import { randomFilter } from '../../test/support/filter-text.ts';
import { DbError, seededRandom } from '../core/index.ts';
import { encodeRowBatch, schemaToNativeJson } from '../model/index.ts';
import {
  type BoundPredicate,
  bindText,
  compileFilter,
  filterOracle,
  noTemplates,
} from './index.ts';

const seedCount = 150;
const filtersPerSeed = 10;
const schema = native.compileSchema(schemaToNativeJson(filterSchema), 1);

/** The bound filter, or null where its own constants are refused (division by a folded zero). */
function tryBind(text: string): BoundPredicate | null {
  try {
    return bindText(text, filterSchema, noTemplates);
  } catch (thrown) {
    expect(DbError.from(thrown).message).toMatch(/division or modulus by zero|overflows int64/);
    return null;
  }
}

/** Text of the first disagreement of a seed, or null. */
function disagreement(seed: number): string | null {
  const random = seededRandom(seed);
  const rows = randomRows(random, 50 + Math.floor(random.unit() * 150));
  const batch = encodeRowBatch(batchOfRows(rows));
  for (let i = 0; i < filtersPerSeed; i++) {
    const text = randomFilter(random, 3);
    const bound = tryBind(text);
    if (bound === null) continue;
    const bits = native.evaluateFilter(
      schema,
      compileFilter(text, filterSchema, noTemplates).program,
      batch,
    );
    for (const [at, row] of rows.entries()) {
      const expected = filterOracle(bound, oracleRow(row));
      const received = bits[2 * at + 1] === 1 ? bits[2 * at] === 1 : null;
      if (expected !== received)
        return `${text} at row ${at}: oracle ${expected}, native ${received}`;
    }
  }
  return null;
}

describe('native executor', () => {
  it('agrees with the oracle on random filters and rows', () => {
    for (let seed = 1; seed <= seedCount; seed++)
      expect(disagreement(seed), `seed ${seed}`).toBeNull();
  });

  it('survives damaged programs', () => {
    const random = seededRandom(7);
    const batch = encodeRowBatch(batchOfRows(randomRows(random, 40)));
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const text = randomFilter(random, 2);
      if (tryBind(text) === null) continue;
      const program = compileFilter(text, filterSchema, noTemplates).program.slice();
      const cut =
        random.unit() < 0.3
          ? program.slice(0, Math.floor(random.unit() * program.length))
          : program;
      for (let flip = 0; flip < 3 && cut.length > 0; flip++) {
        const at = Math.floor(random.unit() * cut.length);
        cut[at] = (cut[at] ?? 0) ^ (1 << Math.floor(random.unit() * 8));
      }
      refused += evaluates(cut, batch) ? 0 : 1;
    }
    expect(refused).toBeGreaterThan(100);
  });
});

function evaluates(program: Uint8Array, batch: Uint8Array): boolean {
  try {
    return native.evaluateFilter(schema, program, batch).length === 80;
  } catch (thrown) {
    expect(DbError.from(thrown).message).toContain('filter program: ');
    return false;
  }
}
