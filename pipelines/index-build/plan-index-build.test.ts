// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The index-build policy as a table.

import { expect, test } from 'vitest';
import type { IndexMeta, SegmentIndexFile, SegmentMeta } from '../../src/model/index.ts';
import { planIndexBuild } from './plan-index-build.ts';

const file = { name: 'f', sizeBytes: 1, crc32c: 0 };

function segment(
  segmentId: number,
  rowCount: number,
  indexIds: readonly number[] = [],
): SegmentMeta {
  const indexes = indexIds.map(
    (indexId): SegmentIndexFile => ({ ...file, fieldId: 101, indexId, indexName: 'i' }),
  );
  return {
    segmentId,
    partitionId: 1,
    rowCount,
    minTimestamp: '0',
    maxTimestamp: '0',
    commitTimestamp: '0',
    sizeBytes: 1,
    sortedByKey: true,
    folder: 'f',
    files: { baseParquet: file, baseRows: file, vectors: [], keys: file },
    deletes: null,
    indexes,
  };
}

function index(indexId: number, indexType = 'HNSW'): IndexMeta {
  return {
    indexId,
    indexName: 'i',
    fieldId: 101,
    indexType,
    metric: 'L2',
    params: {},
    m: 16,
    efConstruction: 100,
  };
}

const never = (): boolean => false;

test('the largest segment without the index comes first', () => {
  expect(planIndexBuild([segment(1, 2_000), segment(2, 9_000)], [index(7)], never)?.segmentId).toBe(
    2,
  );
});

test('what is built, too small, flat or failed is left alone', () => {
  expect(planIndexBuild([segment(1, 2_000, [7])], [index(7)], never)).toBeNull();
  expect(planIndexBuild([segment(1, 1_023)], [index(7)], never)).toBeNull();
  expect(planIndexBuild([segment(1, 2_000)], [index(7, 'FLAT')], never)).toBeNull();
  expect(planIndexBuild([segment(1, 2_000)], [index(7)], () => true)).toBeNull();
  expect(planIndexBuild([], [index(7)], never)).toBeNull();
});
