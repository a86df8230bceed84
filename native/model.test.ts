// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Seeded lives of one shard beside a model of plain rows: inserts with repeated keys in two
// partitions, deletes, freezing, sealing, replacing, a reader whose view lags, restarts from
// images. After every step both must answer alike at the newest and at some older time: rows,
// count(*), nearest neighbours.

import { describe, expect, test } from 'vitest';

import { encodeLogBody } from '../src/model/log-body.ts';
import { columnOf, decodeRowBatch, type RowBatch } from '../src/model/row-batch.ts';
import { schemaToNativeJson } from '../src/model/schema.ts';
import { native, type SealedSource } from './index.ts';
import {
  bytesOf,
  columnFor,
  keysOf,
  queryFor,
  sampleRows,
  sampleSchema,
  searchFor,
  textColumn,
} from './test/sample.ts';

const ownerEpoch = 77;
const partitions = [1, 2] as const;

/** Mulberry32: enough for choosing steps. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface ModelRow {
  readonly key: bigint;
  readonly partition: number;
  readonly insertedAt: bigint;
  /** Tells the versions of a key apart. */
  readonly name: string;
  deletedAt: bigint | null;
  shadowedAt: bigint | null;
}

class Model {
  readonly rows: ModelRow[] = [];

  insert(partition: number, keys: readonly bigint[], names: readonly string[], at: bigint): void {
    for (const [i, key] of keys.entries()) {
      for (const row of this.rows) {
        const visible = row.deletedAt === null && row.shadowedAt === null;
        if (row.key === key && row.partition === partition && visible) row.shadowedAt = at;
      }
      this.rows.push({
        key,
        partition,
        insertedAt: at,
        name: names[i] ?? '',
        deletedAt: null,
        shadowedAt: null,
      });
    }
  }

  delete(keys: readonly bigint[], at: bigint): void {
    for (const row of this.rows) {
      if (keys.includes(row.key) && row.deletedAt === null && row.insertedAt < at)
        row.deletedAt = at;
    }
  }

  counted(at: bigint): ModelRow[] {
    return this.rows.filter(
      (row) => row.insertedAt <= at && (row.deletedAt === null || row.deletedAt > at),
    );
  }

  /** Rows seen at a time in some partitions, by key: the newest row of a key wins. */
  visible(at: bigint, among: readonly number[]): ModelRow[] {
    const newest = new Map<bigint, ModelRow>();
    for (const row of this.counted(at)) {
      const shadowed = row.shadowedAt !== null && row.shadowedAt <= at;
      if (!shadowed && among.includes(row.partition)) {
        newest.set(row.key, row);
      }
    }
    return [...newest.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** A shard, its writer and a reader that publishes late. */
class Life {
  readonly schema = native.compileSchema(schemaToNativeJson(sampleSchema()), ownerEpoch);
  readonly clock = native.createClock(ownerEpoch);
  shard = native.createShard(this.schema, ownerEpoch);
  readonly growing = new Map<number, number>();
  frozen: { readonly segment: number; readonly segmentId: number; readonly partitionId: number }[] =
    [];
  sealed: number[] = [];
  nextSegmentId = 1;
  last = 0n;

  apply(sections: Parameters<typeof encodeLogBody>[0]): bigint {
    for (const { kind, partitionId } of sections) {
      if (kind !== 1 || this.growing.has(partitionId)) continue;
      this.growing.set(
        partitionId,
        native.openGrowing(this.shard, partitionId, this.nextSegmentId++),
      );
    }
    this.last = native.stampShard(this.shard, this.clock, 1000);
    native.applyBody(this.shard, encodeLogBody(sections, 0), this.last);
    native.setUnapplied(this.shard, 0n);
    return this.last;
  }

  publish(): void {
    const all = [
      ...this.growing.values(),
      ...this.frozen.map((entry) => entry.segment),
      ...this.sealed,
    ];
    native.publishView(this.shard, Float64Array.from(all));
  }

  freeze(): void {
    for (const entry of native.freezeGrowing(this.shard)) {
      this.frozen.push(entry);
      this.growing.delete(entry.partitionId);
    }
  }

  /** Seals the oldest frozen segment; `between` happens while its files are written. */
  seal(through: bigint, withDeletes: boolean, between: () => void): void {
    const [entry] = this.frozen;
    if (entry === undefined) return;
    const image = native.sealImageNow(entry.segment, through);
    between();
    const source: SealedSource = {
      segmentId: entry.segmentId,
      partitionId: entry.partitionId,
      base: { bytes: image.base },
      vectors: image.vectors.map(({ fieldId, bytes }) => ({ fieldId, source: { bytes } })),
      keys: { bytes: image.keys },
      deletes: withDeletes ? image.deletes : null,
    };
    const sealed = native.openSealed(this.schema, source, ownerEpoch);
    native.replaceFrozen(this.shard, entry.segment, sealed);
    native.releaseSegment(entry.segment);
    this.frozen.shift();
    this.sealed.push(sealed);
    this.sources.set(sealed, source);
  }

  readonly sources = new Map<number, SealedSource>();

  /** Everything to images, then a new shard from them. */
  restart(): void {
    this.freeze();
    while (this.frozen.length > 0) this.seal(this.last, true, () => {});
    const reopened = this.sealed.map((handle) => {
      const source = this.sources.get(handle);
      expect(source).toBeDefined();
      const deletes = native.deleteImage(handle, this.last) ?? source?.deletes ?? null;
      native.releaseSegment(handle);
      return { ...(source as SealedSource), deletes };
    });
    this.shard = native.createShard(this.schema, ownerEpoch);
    this.sources.clear();
    this.growing.clear();
    this.sealed = reopened.map((source) => {
      const handle = native.openSealed(this.schema, source, ownerEpoch);
      this.sources.set(handle, source);
      native.addSealed(this.shard, handle);
      return handle;
    });
    this.publish();
  }
}

function deleteBatch(keys: readonly bigint[]) {
  return {
    rowCount: keys.length,
    columns: [columnFor({ id: 100, type: 5, dim: 0 }, bytesOf(BigInt64Array.from(keys)))],
  };
}

function rowsNamed(keys: readonly bigint[], names: readonly string[]): RowBatch {
  const batch = sampleRows(keys);
  const columns = batch.columns.map((column) =>
    column.fieldId === 101 ? textColumn(101, 21, names) : column,
  );
  return { ...batch, columns };
}

function compare(life: Life, model: Model, at: bigint): void {
  const pin = () => {
    const held = native.pinView(life.shard, at);
    expect(held).toBeGreaterThan(0);
    return held;
  };
  for (const among of [partitions, [1], [2]]) {
    const expected = model.visible(at, among);
    const { rows } = native.queryNow(
      queryFor(pin(), {
        outputFieldIds: Uint32Array.of(100, 101, 102),
        partitionIds: Float64Array.from(among),
      }),
    );
    const batch = decodeRowBatch(rows ?? new Uint8Array());
    expect(keysOf(batch)).toEqual(expected.map((row) => row.key));
    const names = Buffer.from(columnOf(batch, 101)?.data ?? []).toString();
    expect(names).toBe(expected.map((row) => row.name).join(''));
    const vectors = columnOf(batch, 102)?.data.slice() ?? new Uint8Array();
    expect([...new Float32Array(vectors.buffer)].filter((_, i) => i % 4 === 0)).toEqual(
      expected.map((row) => Number(row.key)),
    );
  }
  const count = native.queryNow(queryFor(pin(), { countOnly: true }));
  expect(count.rowCount).toBe(model.counted(at).length);
  const hits = native.searchNow(searchFor(pin(), [20.4, 0, 0, 0], 5));
  const keys = model.visible(at, partitions).map((row) => Number(row.key));
  const nearest = keys.sort((a, b) => Math.abs(a - 20.4) - Math.abs(b - 20.4)).slice(0, 5);
  expect(hits.keys.kind === 'int64' && [...hits.keys.values].map(Number)).toEqual(nearest);
}

function live(seed: number, stepCount: number): void {
  const random = randomOf(seed);
  const life = new Life();
  const model = new Model();
  life.publish();
  const stamps = [0n];
  const someKeys = (most: number) =>
    Array.from({ length: 1 + random(most) }, () => BigInt(random(60)));
  let nameCount = 0;
  const write = () => {
    const partition = partitions[random(2)] ?? 1;
    const removed = random(3) === 0 ? someKeys(6) : [];
    const added = removed.length === 0 || random(2) === 0 ? someKeys(12) : [];
    const names = added.map((key) => `${key}:${nameCount++};`);
    const at = life.apply([
      ...(removed.length > 0
        ? [{ kind: 2, partitionId: partition, batch: deleteBatch(removed) } as const]
        : []),
      ...(added.length > 0
        ? [{ kind: 1, partitionId: partition, batch: rowsNamed(added, names) } as const]
        : []),
    ]);
    model.delete(removed, at);
    model.insert(partition, added, names, at);
    stamps.push(at);
  };
  for (let step = 0; step < stepCount; step++) {
    const choice = random(12);
    if (choice < 7) write();
    else if (choice === 7) life.freeze();
    else if (choice === 8) life.seal(stamps[random(stamps.length)] ?? 0n, random(2) === 0, write);
    else if (choice < 11) life.publish();
    else if (random(3) === 0) life.restart();
    compare(life, model, life.last);
    compare(life, model, stamps[random(stamps.length)] ?? 0n);
  }
  native.releaseOwner(ownerEpoch);
}

describe('a shard beside its model', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i', (seed) => {
    live(seed, 120);
  });
});
