// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The arithmetic of the bench's table: medians, and which direction is better.

import { describe, expect, test } from 'vitest';

import { markdownTable, median } from './report.ts';

describe('the bench report', () => {
  test.for([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
  ] as const)('median of %j is %d', ([values, expected]) => {
    expect(median(values)).toBe(expected);
  });

  test('less time and more rows are both better, and lines without figures are left out', () => {
    const insert = (rate: number) => ({
      durability: 'any',
      durable: true,
      rawRowsPerSecond: rate,
      rawFourInFlightRowsPerSecond: rate,
      pymilvusRowsPerSecond: rate,
    });
    const text = markdownTable({
      dipper: [{ firstAnswerMs: 100, inserts: [insert(9000)] }],
      'milvus-lite': [
        { firstAnswerMs: 300, inserts: [insert(1000)] },
        { firstAnswerMs: 500, inserts: [insert(2000)] },
      ],
    });
    expect(text).toContain(
      '| process start to first answer | 100 ms | 400 ms | 4.00 times better |',
    );
    expect(text).toContain(
      '| insert, durable, pymilvus | 9000 rows/s | 1500 rows/s | 6.00 times better |',
    );
    expect(text).not.toContain('memory');
  });
});
