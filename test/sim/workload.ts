// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What clients of a simulated engine do, and what is compared with the model.

import type { PrimaryKeys } from '../../native/index.ts';
import { assert, at, DbError, type Random } from '../../src/core/index.ts';
import { columnOf, consistencyLevels, dataTypes, type RowBatch } from '../../src/model/index.ts';
import type { CallContext, FieldRequest, OutputRows } from '../../src/service/index.ts';
import type { Life } from './engine-life.ts';
import { int64s, keyTexts, type StreamModel, Violation } from './stream-model.ts';
import type { VirtualClock } from './virtual-clock.ts';

const name = { database: '', collection: 'rows' };
const dim = 4;
/** Field ids follow the order of creation. */
export const fieldsOf = { key: 100, value: 101 };
const vectorFieldId = 102;
const context: CallContext = { timeoutMs: 0, onAbort: () => () => undefined };
const strong = { level: consistencyLevels.Strong, guarantee: 0n };

export interface Shape {
  readonly keyType: 'int64' | 'varchar';
  readonly shardCount: number;
  readonly keyCount: number;
  readonly clientCount: number;
  readonly operationCount: number;
  readonly flushSizeBytes: number;
  readonly indexType: 'FLAT' | 'HNSW';
  /** Now and then a batch large enough for an index to be built. */
  readonly bigBatches: boolean;
}

export function chooseShape(random: Random): Shape {
  const draw = (min: number, max: number): number =>
    min + Math.floor(random.unit() * (max - min + 1));
  return {
    keyType: random.unit() < 0.7 ? 'int64' : 'varchar',
    shardCount: draw(1, 2),
    keyCount: draw(3, 60),
    clientCount: draw(1, 4),
    operationCount: draw(4, 14),
    flushSizeBytes: random.unit() < 0.3 ? 2_000 : 1_000_000_000,
    indexType: random.unit() < 0.5 ? 'FLAT' : 'HNSW',
    bigBatches: random.unit() < 0.1,
  };
}

/** The collection with its index, loaded; what is there already stays. */
export async function createCollection(life: Life, shape: Shape): Promise<void> {
  const { database } = life.engine;
  await database.createCollection({
    ...name,
    description: '',
    fields: fieldRequests(shape),
    dynamic: false,
    shardCount: shape.shardCount,
    consistency: consistencyLevels.Strong,
    properties: {},
  });
  await database.createIndex({
    ...name,
    field: 'vector',
    indexName: '',
    params: { index_type: shape.indexType, metric_type: 'L2' },
  });
  await database.loadCollection(name);
}

function fieldRequests(shape: Shape): FieldRequest[] {
  const field = (
    fieldName: string,
    type: number,
    params: Record<string, string>,
  ): FieldRequest => ({
    name: fieldName,
    description: '',
    type,
    elementType: null,
    primaryKey: fieldName === 'key',
    autoId: false,
    nullable: false,
    partitionKey: false,
    clusteringKey: false,
    defaultValue: null,
    params,
  });
  const keyType = shape.keyType === 'int64' ? dataTypes.Int64 : dataTypes.VarChar;
  return [
    field('key', keyType, shape.keyType === 'int64' ? {} : { max_length: '64' }),
    field('value', dataTypes.Int64, {}),
    field('vector', dataTypes.FloatVector, { dim: String(dim) }),
  ];
}

export class Workload {
  private readonly life: Life;
  private readonly shape: Shape;
  private readonly random: Random;
  private readonly clock: VirtualClock;
  private readonly model: StreamModel;
  private readonly stamps: bigint[] = [];
  private failures = 0;

  constructor(life: Life, shape: Shape, random: Random, clock: VirtualClock, model: StreamModel) {
    this.life = life;
    this.shape = shape;
    this.random = random;
    this.clock = clock;
    this.model = model;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.shape.clientCount }, () => this.client()));
  }

  acknowledgedCount(): number {
    return this.stamps.length;
  }

  checkAcknowledged(): void {
    for (const stamp of this.stamps) this.model.checkAcknowledged(stamp);
  }

  summary(): string {
    return `${this.stamps.join(',')} failed ${this.failures}`;
  }

  private async client(): Promise<void> {
    for (let i = 0; i < this.shape.operationCount; i++) {
      await this.clock.sleep(this.random.unit() * 30);
      try {
        await this.operation();
      } catch (thrown) {
        // Under faults an operation may fail; what it may not do is lie, which the checks see.
        if (!(thrown instanceof DbError)) throw thrown;
        if (thrown.kind === 'internal') throw new Violation(`internal error: ${thrown.message}`);
        this.failures++;
      }
    }
  }

  private async operation(): Promise<void> {
    const draw = this.random.unit();
    if (draw < 0.5) return this.insert();
    if (draw < 0.65) return this.deleteKeys();
    if (draw < 0.73) return this.deleteWhere();
    if (draw < 0.83) return this.readOwn();
    if (draw < 0.9) return void (await this.life.engine.database.flush(name));
    return void (await queryAll(this.life));
  }

  private async insert(): Promise<void> {
    const big = this.shape.bigBatches && this.random.unit() < 0.1;
    const count = big ? 1_200 : 1 + Math.floor(this.random.unit() * 12);
    const rows = Array.from({ length: count }, (_, i) => ({
      key: big ? 1_000_000 + i : this.key(),
      value: this.value(),
    }));
    const result = await this.life.engine.database.insert(
      {
        ...name,
        partition: '',
        rowCount: count,
        schemaTimestamp: 0n,
        rows: { kind: 'batch', batch: batchOf(this.shape, rows) },
      },
      context,
    );
    this.stamps.push(result.timestamp);
  }

  private async deleteKeys(): Promise<void> {
    const keys = Array.from({ length: 1 + Math.floor(this.random.unit() * 4) }, () =>
      literal(this.shape, this.key()),
    );
    const filter = `key in [${keys.join(', ')}]`;
    const result = await this.life.engine.database.delete(
      { ...name, partition: '', filter, templates: new Map(), consistency: strong },
      context,
    );
    this.stamps.push(result.timestamp);
  }

  private async deleteWhere(): Promise<void> {
    const filter = `value % 7 == ${Math.floor(this.random.unit() * 7)} and value < ${this.value()}`;
    const result = await this.life.engine.database.delete(
      { ...name, partition: '', filter, templates: new Map(), consistency: strong },
      context,
    );
    if (result.rowCount > 0 && this.shape.shardCount === 1) this.stamps.push(result.timestamp);
  }

  /** A row just acknowledged is there for the next Strong read, or something newer of its key is. */
  private async readOwn(): Promise<void> {
    const key = 5_000_000 + Math.floor(this.random.unit() * 1_000_000_000);
    const value = this.value();
    const rows: RowBatch = batchOf(this.shape, [{ key, value }]);
    const { database } = this.life.engine;
    const inserted = await database.insert(
      {
        ...name,
        partition: '',
        rowCount: 1,
        schemaTimestamp: 0n,
        rows: { kind: 'batch', batch: rows },
      },
      context,
    );
    this.stamps.push(inserted.timestamp);
    const found = await database.query(
      { ...everything, filter: `key == ${literal(this.shape, key)}`, limit: 0 },
      context,
    );
    assert(found.kind === 'rows', 'a query for rows answers rows');
    // The filter of a concurrent delete may have taken it; then the model knows.
    if (found.output.rows.rowCount === 0 && this.model.visible().has(String(key))) {
      throw new Violation(`row ${key} was acknowledged and is not visible to a Strong read`);
    }
  }

  private key(): number {
    return Math.floor(this.random.unit() * this.shape.keyCount);
  }

  private value(): bigint {
    return BigInt(Math.floor(this.random.unit() * 1_000_000_000));
  }
}

const everything = {
  ...name,
  partitions: [],
  filter: '',
  templates: new Map<string, never>(),
  keys: null as PrimaryKeys | null,
  outputFields: ['key', 'value'],
  limit: 16_384,
  offset: 0,
  orderByKey: false,
  consistency: strong,
  ignoreGrowing: false,
};

async function queryAll(life: Life): Promise<OutputRows> {
  const found = await life.engine.database.query(everything, context);
  assert(found.kind === 'rows', 'a query for rows answers rows');
  return found.output;
}

/** Compares the engine with the model: visible rows, count(*), a search, and what was replayed. */
export async function checkLife(
  life: Life,
  model: StreamModel,
  shape: Shape,
  random: Random,
): Promise<void> {
  const collection = life.mirror.find(name.database, name.collection);
  if (collection === null || !life.mirror.isLoaded(collection)) return;
  for (const shardId of collection.shardIds)
    model.checkReplay(shardId, life.checkpointAtOpen(shardId));
  const expected = model.visible();
  const { rows } = await queryAll(life);
  const keys = keyTexts(columnOf(rows, fieldsOf.key), rows.rowCount);
  const values = int64s(columnOf(rows, fieldsOf.value));
  const got = new Map(keys.map((key, i) => [key, at(values, i)]));
  if (got.size !== keys.length) throw new Violation('a query returned a key twice');
  for (const [key, value] of expected) {
    if (!got.has(key)) throw new Violation(`row ${key} is lost`);
    if (got.get(key) !== value) throw new Violation(`row ${key} has ${got.get(key)}, not ${value}`);
  }
  for (const key of got.keys()) if (!expected.has(key)) throw new Violation(`row ${key} came back`);
  const counted = await life.engine.database.query(
    { ...everything, outputFields: ['count(*)'], limit: 0 },
    context,
  );
  if (counted.kind !== 'count' || counted.count !== model.count()) {
    throw new Violation(
      `count(*) is ${counted.kind === 'count' ? counted.count : '?'}, not ${model.count()}`,
    );
  }
  await checkSearch(life, expected, shape, random);
}

async function checkSearch(
  life: Life,
  expected: Map<string, bigint>,
  shape: Shape,
  random: Random,
): Promise<void> {
  if (expected.size === 0) return;
  const [key, value] = at([...expected], Math.floor(random.unit() * expected.size));
  const found = await life.engine.database.search(
    {
      ...name,
      partitions: [],
      filter: '',
      templates: new Map(),
      field: 'vector',
      queryType: dataTypes.FloatVector,
      queries: [new Uint8Array(vectorOf(value).buffer)],
      limit: 3,
      offset: 0,
      metric: 'L2',
      params: {},
      outputFields: ['value'],
      consistency: strong,
      roundDecimal: -1,
      ignoreGrowing: false,
    },
    context,
  );
  const values = int64s(columnOf(found.output.rows, fieldsOf.value));
  if (found.scores[0] !== 0)
    throw new Violation(
      `the search for row ${key} (${shape.indexType}) found it at ${found.scores[0] ?? 'nothing'}`,
    );
  const known = new Set(expected.values());
  for (const seen of values)
    if (!known.has(seen)) throw new Violation(`a search found a value ${seen} that is not visible`);
}

interface Row {
  readonly key: number;
  readonly value: bigint;
}

function batchOf(shape: Shape, rows: readonly Row[]): RowBatch {
  const base = { elementType: null, dim: 0, nullCount: 0, validity: null, offsets: null };
  const values = BigInt64Array.from(rows, (row) => row.value);
  const vectors = Float32Array.from(rows.flatMap((row) => [...vectorOf(row.value)]));
  return {
    rowCount: rows.length,
    columns: [
      keyColumn(shape, rows),
      {
        ...base,
        fieldId: fieldsOf.value,
        type: dataTypes.Int64,
        data: new Uint8Array(values.buffer),
      },
      {
        ...base,
        fieldId: vectorFieldId,
        type: dataTypes.FloatVector,
        dim,
        data: new Uint8Array(vectors.buffer),
      },
    ],
  };
}

function keyColumn(shape: Shape, rows: readonly Row[]): RowBatch['columns'][number] {
  const base = { fieldId: fieldsOf.key, elementType: null, dim: 0, nullCount: 0, validity: null };
  if (shape.keyType === 'int64') {
    const keys = BigInt64Array.from(rows, (row) => BigInt(row.key));
    return { ...base, type: dataTypes.Int64, offsets: null, data: new Uint8Array(keys.buffer) };
  }
  const texts = rows.map((row) => Buffer.from(String(row.key)));
  const offsets = new Uint32Array(rows.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = at(offsets, i) + text.byteLength;
  });
  return { ...base, type: dataTypes.VarChar, offsets, data: new Uint8Array(Buffer.concat(texts)) };
}

function literal(shape: Shape, key: number): string {
  return shape.keyType === 'int64' ? String(key) : `"${key}"`;
}

/** A vector that only this value has. */
function vectorOf(value: bigint): Float32Array {
  const low = Number(value % 1_000n);
  const middle = Number((value / 1_000n) % 1_000n);
  const high = Number(value / 1_000_000n);
  return Float32Array.of(low, middle, high, 1);
}
