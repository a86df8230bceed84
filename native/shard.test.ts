// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A row's way through the engine: apply, pin, query and search, freeze, seal, reopen.

import { describe, expect, test } from 'vitest';

import { encodeLogBody } from '../src/model/log-body.ts';
import { columnOf, decodeRowBatch, type RowBatch } from '../src/model/row-batch.ts';
import { schemaToNativeJson } from '../src/model/schema.ts';
import { native } from './index.ts';
import { keysOf, queryAll, sampleSchema, sampleRows, searchFor } from './test/sample.ts';

const partition = 7;

function openShard() {
  const schema = native.compileSchema(schemaToNativeJson(sampleSchema()), 1);
  const shard = native.createShard(schema, 1);
  const clock = native.createClock(1);
  native.publishView(shard, new Float64Array());
  return { schema, shard, clock };
}

function insert(shard: number, stamp: bigint, batch: RowBatch) {
  const body = encodeLogBody([{ kind: 1, partitionId: partition, batch }], 0);
  return native.applyBody(shard, body, stamp);
}

describe('a shard', () => {
  test('shows applied rows to pins at or after their stamp', () => {
    const { shard, clock } = openShard();
    native.openGrowing(shard, partition, 100);
    const stamp = native.stampShard(shard, clock, 1000);
    expect(native.pinView(shard, stamp)).toBe(0);
    const change = insert(shard, stamp, sampleRows([1n, 2n, 3n]));
    native.setUnapplied(shard, 0n);
    expect([...change.inserted]).toEqual([100, 0, 3]);
    expect(keysOf(queryAll(native.pinView(shard, stamp)))).toEqual([1n, 2n, 3n]);
    expect(keysOf(queryAll(native.pinView(shard, stamp - 1n)))).toEqual([]);
  });

  test('finds nearest rows with their fields', async () => {
    const { shard, clock } = openShard();
    native.openGrowing(shard, partition, 101);
    const stamp = native.stampShard(shard, clock, 1000);
    insert(shard, stamp, sampleRows([1n, 2n, 3n]));
    native.setUnapplied(shard, 0n);
    const hits = await native.search(searchFor(native.pinView(shard, stamp), [2, 0, 0, 0], 2));
    expect([...hits.counts]).toEqual([2]);
    expect(hits.keys.kind === 'int64' && [...hits.keys.values]).toEqual([2n, 1n]);
    expect([...hits.scores]).toEqual([0, 1]);
    const rows = decodeRowBatch(hits.rows ?? new Uint8Array());
    const names = columnOf(rows, 101);
    expect(Buffer.from(names?.data ?? []).toString()).toBe('name 2name 1');
  });

  test('refuses a body that is older than what it would hide again', () => {
    const { shard, clock } = openShard();
    native.openGrowing(shard, partition, 102);
    const first = native.stampShard(shard, clock, 1000);
    const second = native.stampShard(shard, clock, 1001);
    insert(shard, first, sampleRows([1n, 2n]));
    insert(shard, second, sampleRows([1n]));
    expect(() => insert(shard, first, sampleRows([2n]))).toThrow(/holds later deletes/);
    native.setUnapplied(shard, 0n);
    expect(keysOf(queryAll(native.pinView(shard, second))).sort()).toEqual([1n, 2n]);
  });
});
