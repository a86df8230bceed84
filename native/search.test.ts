// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Nearest neighbours over growing and sealed segments, with and without a graph index, against a
// plain loop in JavaScript, for each metric.

import { afterAll, describe, expect, test } from 'vitest';

import { encodeLogBody } from '../src/model/log-body.ts';
import { schemaToNativeJson } from '../src/model/schema.ts';
import { timestampMax } from '../src/model/timestamp.ts';
import { native } from './index.ts';
import { bytesOf, columnFor, fieldOf, schemaOf, searchFor } from './test/sample.ts';

const ownerEpoch = 950;
const dim = 16;
const rowCount = 3000;
const queryCount = 5;
const k = 10;

/** Numbers in [-1, 1) that are the same in every run. */
function numbers(seed: number, count: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const vectors = numbers(1, rowCount * dim);
const queries = numbers(2, queryCount * dim);
const schemaText = schemaToNativeJson(
  schemaOf(
    [
      fieldOf({ id: 100, name: 'id', type: 5, primaryKey: true }),
      fieldOf({ id: 102, name: 'vector', type: 101, dim }),
    ],
    false,
  ),
);
const schema = native.compileSchema(schemaText, ownerEpoch);
const clock = native.createClock(ownerEpoch);

afterAll(() => native.releaseOwner(ownerEpoch));

function insertRows(shard: number, from: number, to: number): void {
  const keys = BigInt64Array.from({ length: to - from }, (_, i) => BigInt(from + i));
  const rows = vectors.slice(from * dim, to * dim);
  const batch = {
    rowCount: to - from,
    columns: [
      columnFor({ id: 100, type: 5, dim: 0 }, bytesOf(keys)),
      columnFor({ id: 102, type: 101, dim }, bytesOf(rows)),
    ],
  };
  const stamp = native.stampShard(shard, clock, 1000);
  native.applyBody(shard, encodeLogBody([{ kind: 1, partitionId: 1, batch }], 0), stamp);
  native.setUnapplied(shard, 0n);
}

/** Two thirds sealed (indexed for a metric, if asked), the rest growing, every seventh row deleted. */
function makeShard(indexMetric: number | null): number {
  const shard = native.createShard(schema, ownerEpoch);
  const growing = native.openGrowing(shard, 1, 1);
  insertRows(shard, 0, 2000);
  native.freezeGrowing(shard);
  const image = native.sealImageNow(growing, timestampMax);
  const sealed = native.openSealed(
    schema,
    {
      segmentId: 1,
      partitionId: 1,
      base: { bytes: image.base },
      vectors: image.vectors.map(({ fieldId, bytes }) => ({ fieldId, source: { bytes } })),
      keys: { bytes: image.keys },
      deletes: null,
    },
    ownerEpoch,
  );
  native.replaceFrozen(shard, growing, sealed);
  if (indexMetric !== null) {
    const build = {
      fieldId: 102,
      indexType: 'HNSW',
      metric: indexMetric,
      m: 16,
      efConstruction: 100,
      threadCount: 1,
    };
    native.attachIndex(sealed, 102, { bytes: native.buildIndexNow(sealed, build, 0) });
    expect([...native.segmentStats(sealed).indexedFieldIds]).toEqual([102]);
  }
  native.publishView(shard, Float64Array.of(sealed));
  native.openGrowing(shard, 1, 2);
  insertRows(shard, 2000, rowCount);
  const gone = BigInt64Array.from({ length: Math.ceil(rowCount / 7) }, (_, i) => BigInt(i * 7));
  const batch = {
    rowCount: gone.length,
    columns: [columnFor({ id: 100, type: 5, dim: 0 }, bytesOf(gone))],
  };
  const stamp = native.stampShard(shard, clock, 1000);
  native.applyBody(shard, encodeLogBody([{ kind: 2, partitionId: 1, batch }], 0), stamp);
  native.setUnapplied(shard, 0n);
  return shard;
}

function scoreOf(metric: number, query: number, row: number): number {
  let squares = 0;
  let product = 0;
  let queryNorm = 0;
  let rowNorm = 0;
  for (let i = 0; i < dim; i++) {
    const a = queries[query * dim + i] ?? 0;
    const b = vectors[row * dim + i] ?? 0;
    squares += (a - b) ** 2;
    product += a * b;
    queryNorm += a * a;
    rowNorm += b * b;
  }
  if (metric === 1) return squares;
  return metric === 2 ? product : product / Math.sqrt(queryNorm * rowNorm);
}

function bestRows(
  metric: number,
  query: number,
): { readonly row: number; readonly score: number }[] {
  const sign = metric === 1 ? 1 : -1;
  return Array.from({ length: rowCount }, (_, row) => row)
    .filter((row) => row % 7 !== 0)
    .map((row) => ({ row, score: scoreOf(metric, query, row) }))
    .sort((a, b) => sign * (a.score - b.score))
    .slice(0, k);
}

function searchAll(shard: number, metric: number) {
  const pin = native.pinView(shard, timestampMax);
  const change = {
    metric,
    queryCount,
    queries: bytesOf(queries),
    outputFieldIds: new Uint32Array(),
    ef: 200,
  };
  const hits = native.searchNow(searchFor(pin, [], k, change));
  expect([...hits.counts]).toEqual(new Array<number>(queryCount).fill(k));
  return {
    keys: hits.keys.kind === 'int64' ? [...hits.keys.values].map(Number) : [],
    scores: hits.scores,
  };
}

describe.each([
  ['L2', 1],
  ['IP', 2],
  ['COSINE', 3],
])('search by %s', (_, metric) => {
  test('without an index is exact', () => {
    const { keys, scores } = searchAll(makeShard(null), metric);
    for (let query = 0; query < queryCount; query++) {
      const expected = bestRows(metric, query);
      expect(keys.slice(query * k, (query + 1) * k)).toEqual(expected.map(({ row }) => row));
      expected.forEach(({ score }, i) => expect(scores[query * k + i]).toBeCloseTo(score, 4));
    }
  });

  test('with a graph index finds nearly all, with exact scores', () => {
    const { keys, scores } = searchAll(makeShard(metric), metric);
    let foundCount = 0;
    for (let query = 0; query < queryCount; query++) {
      const expected = new Set(bestRows(metric, query).map(({ row }) => row));
      keys.slice(query * k, (query + 1) * k).forEach((key, i) => {
        expect(key % 7).not.toBe(0);
        expect(scores[query * k + i]).toBeCloseTo(scoreOf(metric, query, key), 4);
        if (expected.has(key)) foundCount++;
      });
    }
    expect(foundCount).toBeGreaterThanOrEqual(0.95 * queryCount * k);
  });
});

test('an index of another metric is refused', () => {
  const pin = native.pinView(makeShard(1), timestampMax);
  const change = {
    metric: 2,
    queryCount,
    queries: bytesOf(queries),
    outputFieldIds: new Uint32Array(),
  };
  expect(() => native.searchNow(searchFor(pin, [], k, change))).toThrow(
    expect.objectContaining({ code: 'metric-mismatch', expected: 'L2', received: 'IP' }),
  );
});
