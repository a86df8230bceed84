// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The border: wrong handles, arguments of wrong shape and damaged bytes are DbErrors with a code,
// never a crash; locks, cancel flags, the clock and the accountant answer as their comments say.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { DbError } from '../src/core/index.ts';
import { encodeLogBody } from '../src/model/log-body.ts';
import { encodeRowBatch } from '../src/model/row-batch.ts';
import { schemaToNativeJson } from '../src/model/schema.ts';
import { timestampMax } from '../src/model/timestamp.ts';
import { native, type QueryCall, type SearchCall } from './index.ts';
import { queryFor, sampleRows, sampleSchema, searchFor } from './test/sample.ts';

const ownerEpoch = 900;
const schema = native.compileSchema(schemaToNativeJson(sampleSchema()), ownerEpoch);
const clock = native.createClock(ownerEpoch);
const folder = mkdtempSync(join(tmpdir(), 'dipper-native-'));

afterAll(() => {
  native.releaseOwner(ownerEpoch);
  rmSync(folder, { recursive: true });
});

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DbError);
    return DbError.from(thrown).code;
  }
  return 'none';
}

function filledShard(keys: readonly bigint[]): number {
  const shard = native.createShard(schema, ownerEpoch);
  native.openGrowing(shard, 1, 1);
  native.publishView(shard, new Float64Array());
  const stamp = native.stampShard(shard, clock, 1000);
  native.applyBody(
    shard,
    encodeLogBody([{ kind: 1, partitionId: 1, batch: sampleRows(keys) }], 0),
    stamp,
  );
  native.setUnapplied(shard, 0n);
  return shard;
}

const pinOf = (shard: number) => native.pinView(shard, timestampMax);

describe('handles', () => {
  test('of another kind, unknown or released are closed', () => {
    expect(codeOf(() => native.createShard(clock, ownerEpoch))).toBe('closed');
    expect(codeOf(() => native.stampShard(schema, clock, 1))).toBe('closed');
    expect(codeOf(() => native.segmentStats(2 ** 50))).toBe('closed');
    const shard = native.createShard(schema, ownerEpoch);
    const segment = native.openGrowing(shard, 1, 1);
    native.releaseSegment(segment);
    expect(codeOf(() => native.segmentStats(segment))).toBe('closed');
    expect(codeOf(() => native.releaseSegment(segment))).toBe('closed');
  });

  test('go with their owner, what is pinned stays', async () => {
    const mine = native.compileSchema(schemaToNativeJson(sampleSchema()), 901);
    const shard = native.createShard(mine, 901);
    native.publishView(shard, Float64Array.of(native.openGrowing(shard, 1, 1)));
    const stamp = native.stampShard(shard, clock, 1);
    native.applyBody(
      shard,
      encodeLogBody([{ kind: 1, partitionId: 1, batch: sampleRows([5n]) }], 0),
      stamp,
    );
    native.setUnapplied(shard, 0n);
    const answer = native.search(searchFor(pinOf(shard), [5, 0, 0, 0], 1));
    native.releaseOwner(901);
    expect([...(await answer).counts]).toEqual([1]);
    expect(codeOf(() => native.pinView(shard, 1n))).toBe('closed');
  });

  test('pins are consumed by their call, even a refused one', async () => {
    const shard = filledShard([1n]);
    const pin = pinOf(shard);
    await expect(native.search(searchFor(pin, [1, 0, 0], 1))).rejects.toMatchObject({
      code: 'vector-dimension',
    });
    await expect(native.search(searchFor(pin, [1, 0, 0, 0], 1))).rejects.toMatchObject({
      code: 'closed',
    });
    native.unpinView(pin);
  });
});

describe('reads refuse', () => {
  const shard = filledShard([1n, 2n, 3n]);

  test.each<[string, Partial<SearchCall>, string]>([
    ['an unknown field', { fieldId: 999 }, 'field-unknown'],
    ['a field that is no vector', { fieldId: 101 }, 'field-type'],
    ['an unknown metric', { metric: 9 }, 'parameter-invalid'],
    ['no hits wanted', { k: 0 }, 'parameter-invalid'],
    ['a fraction', { k: 1.5 }, 'parameter-invalid'],
    [
      'a query of NaN',
      { queries: new Uint8Array(Float32Array.of(NaN, 0, 0, 0).buffer) },
      'value-nan',
    ],
    ['queries that do not fill', { queryCount: 2 }, 'vector-dimension'],
    ['an unknown output field', { outputFieldIds: Uint32Array.of(999) }, 'field-unknown'],
    ['no pins', { pins: new Float64Array() }, 'parameter-invalid'],
    ['a program of noise', { program: Uint8Array.of(1, 2, 3) }, 'corrupt'],
  ])('a search with %s', (_, change, code) => {
    const call = searchFor(pinOf(shard), [1, 0, 0, 0], 2, change);
    expect(codeOf(() => native.searchNow(call))).toBe(code);
  });

  test.each<[string, Partial<QueryCall>, string]>([
    ['too large an answer', { resultBytesMax: 100 }, 'result-too-large'],
    ['a negative limit', { limit: -1 }, 'parameter-invalid'],
  ])('a query with %s', (_, change, code) => {
    expect(codeOf(() => native.queryNow(queryFor(pinOf(shard), change)))).toBe(code);
  });

  test('calls whose flag is raised', async () => {
    const cancel = native.createCancel();
    native.raiseCancel(cancel);
    const call = searchFor(pinOf(shard), [1, 0, 0, 0], 2, { cancel });
    await expect(native.search(call)).rejects.toMatchObject({ code: 'cancelled' });
    native.releaseCancel(cancel);
  });
});

describe('damaged bytes', () => {
  test('are refused by applyBody, which then changes nothing', () => {
    const shard = filledShard([1n]);
    const body = encodeLogBody([{ kind: 1, partitionId: 1, batch: sampleRows([2n, 3n]) }], 0);
    const stamp = native.stampShard(shard, clock, 1000);
    for (let length = 0; length < body.length; length += 16) {
      expect(codeOf(() => native.applyBody(shard, body.slice(0, length), stamp))).toBe('corrupt');
    }
    const other = encodeLogBody([{ kind: 1, partitionId: 2, batch: sampleRows([2n]) }], 0);
    expect(codeOf(() => native.applyBody(shard, other, stamp))).toBe('segment-missing');
    const partial = { rowCount: 1, columns: sampleRows([2n]).columns.slice(0, 2) };
    const lacking = encodeLogBody([{ kind: 1, partitionId: 1, batch: partial }], 0);
    expect(codeOf(() => native.applyBody(shard, lacking, stamp))).toBe('schema-mismatch');
    native.setUnapplied(shard, 0n);
    expect(native.queryNow(queryFor(pinOf(shard), { countOnly: true })).rowCount).toBe(1);
  });

  test('do not open as a segment', () => {
    const shard = filledShard([3n, 1n, 2n]);
    const frozen = native.freezeGrowing(shard)[0];
    const image = native.sealImageNow(frozen?.segment ?? 0, timestampMax);
    const open = (
      base: Uint8Array,
      keys: Uint8Array,
      vectors: Uint8Array,
      deletes: Uint8Array | null,
    ) =>
      codeOf(() => {
        const source = {
          segmentId: 1,
          partitionId: 1,
          base: { bytes: base },
          keys: { bytes: keys },
          vectors: [{ fieldId: 102, source: { bytes: vectors } }],
          deletes,
        };
        native.releaseSegment(native.openSealed(schema, source, ownerEpoch));
      });
    const vectors = image.vectors[0]?.bytes ?? new Uint8Array();
    expect(open(image.base, image.keys, vectors, null)).toBe('none');
    expect(open(image.base.slice(0, 100), image.keys, vectors, null)).toBe('corrupt');
    expect(open(encodeRowBatch(sampleRows([1n])), image.keys, vectors, null)).toBe('corrupt');
    expect(open(image.base, image.keys.slice(0, 64), vectors, null)).toBe('corrupt');
    expect(open(image.base, image.keys, vectors.slice(0, 20), null)).toBe('corrupt');
    expect(open(image.base, image.keys, vectors, new Uint8Array(64))).toBe('corrupt');
  });

  test('nor does a file that is not there or too short', () => {
    const source = { path: join(folder, 'none'), offsetBytes: 0, sizeBytes: 64 };
    const open = () =>
      native.openSealed(
        schema,
        { segmentId: 1, partitionId: 1, base: source, keys: source, vectors: [], deletes: null },
        1,
      );
    expect(codeOf(open)).toBe('disk-error');
  });
});

describe('the process', () => {
  test('a lock names its holder and is free after it', () => {
    const path = join(folder, 'lock');
    const first = native.lockFile(path, 'process 1');
    expect(first.heldBy).toBeNull();
    expect(native.lockFile(path, 'process 2')).toEqual({ lock: null, heldBy: 'process 1' });
    native.unlockFile(first.lock ?? 0);
    const second = native.lockFile(path, 'process 3');
    expect(second.lock).not.toBeNull();
    native.unlockFile(second.lock ?? 0);
    expect(codeOf(() => native.lockFile(join(folder, 'no', 'lock'), ''))).toBe('disk-error');
  });

  test('the clock rises, whatever the time says', () => {
    const own = native.createClock(ownerEpoch);
    const first = native.clockNext(own, 1000);
    expect(first).toBe(1000n << 18n);
    expect(native.clockNext(own, 999)).toBe(first + 1n);
    native.clockObserve(own, first + 100n);
    expect(native.clockNext(own, 1000)).toBe(first + 101n);
    expect(native.clockLast(own)).toBe(first + 101n);
  });

  test('the accountant refuses what does not fit', () => {
    const importClass = 4;
    native.setMemoryBudget(importClass, 1000);
    expect(native.reserveMemory(importClass, 900)).toBe(true);
    expect(native.reserveMemory(importClass, 200)).toBe(false);
    expect(native.memoryUse()[importClass * 3]).toBe(900);
    native.releaseMemory(importClass, 900);
    expect([...native.memoryUse().slice(importClass * 3, importClass * 3 + 3)]).toEqual([
      0, 1000, 900,
    ]);
    expect(codeOf(() => native.releaseMemory(importClass, 1))).toBe('parameter-invalid');
    native.setMemoryBudget(importClass, 0);
  });

  test('a checksum is CRC32C', () => {
    expect(native.crc32c(new TextEncoder().encode('123456789'), 0)).toBe(0xe3069283);
  });
});
