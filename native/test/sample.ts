// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the tests of the native face share: a small schema, its rows, and calls with defaults.

import type { BatchColumn, RowBatch } from '../../src/model/row-batch.ts';
import { columnOf, decodeRowBatch } from '../../src/model/row-batch.ts';
import type { CollectionSchema, FieldSchema } from '../../src/model/schema.ts';
import { native, type QueryCall, type SearchCall } from '../index.ts';

export const sampleDim = 4;

export function fieldOf(
  detail: Partial<FieldSchema> & Pick<FieldSchema, 'id' | 'name' | 'type'>,
): FieldSchema {
  return {
    description: '',
    elementType: null,
    dim: 0,
    maxLength: 0,
    maxCapacity: 0,
    primaryKey: false,
    autoId: false,
    nullable: false,
    partitionKey: false,
    clusteringKey: false,
    dynamic: false,
    defaultValue: null,
    params: {},
    ...detail,
  };
}

export function schemaOf(fields: readonly FieldSchema[], dynamic: boolean): CollectionSchema {
  return { name: 'sample', description: '', fields, dynamic, version: 0, nextFieldId: 200 };
}

/** An int64 key, a name, a vector. */
export function sampleSchema(): CollectionSchema {
  return schemaOf(
    [
      fieldOf({ id: 100, name: 'id', type: 5, primaryKey: true }),
      fieldOf({ id: 101, name: 'name', type: 21, maxLength: 64 }),
      fieldOf({ id: 102, name: 'vector', type: 101, dim: sampleDim }),
    ],
    false,
  );
}

export function columnFor(
  field: Pick<FieldSchema, 'id' | 'type' | 'dim'>,
  data: Uint8Array,
): BatchColumn {
  return {
    fieldId: field.id,
    type: field.type,
    elementType: null,
    dim: field.dim,
    nullCount: 0,
    validity: null,
    offsets: null,
    data,
  };
}

export function textColumn(fieldId: number, type: 21 | 23, texts: readonly string[]): BatchColumn {
  const parts = texts.map((text) => Buffer.from(text));
  const offsets = new Uint32Array(texts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + part.byteLength;
  });
  const column = columnFor({ id: fieldId, type, dim: 0 }, new Uint8Array(Buffer.concat(parts)));
  return { ...column, offsets };
}

export function bytesOf(values: {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Rows whose name and vector follow from the key: 'name <key>', [key, 0, 0, 0]. */
export function sampleRows(keys: readonly bigint[]): RowBatch {
  const vectors = new Float32Array(keys.length * sampleDim);
  keys.forEach((key, row) => {
    vectors[row * sampleDim] = Number(key);
  });
  return {
    rowCount: keys.length,
    columns: [
      columnFor({ id: 100, type: 5, dim: 0 }, bytesOf(BigInt64Array.from(keys))),
      textColumn(
        101,
        21,
        keys.map((key) => `name ${key}`),
      ),
      columnFor({ id: 102, type: 101, dim: sampleDim }, bytesOf(vectors)),
    ],
  };
}

export function queryFor(pin: number, change: Partial<QueryCall> = {}): QueryCall {
  return {
    pins: Float64Array.of(pin),
    program: null,
    partitionIds: null,
    offset: 0,
    limit: 0,
    orderByKey: true,
    ignoreGrowing: false,
    outputFieldIds: Uint32Array.of(100),
    countOnly: false,
    resultBytesMax: 2 ** 28,
    cancel: 0,
    ...change,
  };
}

export function searchFor(
  pin: number,
  query: readonly number[],
  k: number,
  change: Partial<SearchCall> = {},
): SearchCall {
  return {
    pins: Float64Array.of(pin),
    program: null,
    partitionIds: null,
    fieldId: 102,
    metric: 1,
    queryCount: 1,
    queries: bytesOf(Float32Array.from(query)),
    k,
    ef: 0,
    ignoreGrowing: false,
    outputFieldIds: Uint32Array.of(101),
    cancel: 0,
    ...change,
  };
}

/** All visible rows of a pin, by key. */
export function queryAll(pin: number): RowBatch {
  const { rows } = native.queryNow(queryFor(pin));
  return decodeRowBatch(rows ?? new Uint8Array());
}

export function keysOf(batch: RowBatch): bigint[] {
  const column = columnOf(batch, 100);
  if (column === null) return [];
  return [...new BigInt64Array(column.data.buffer, column.data.byteOffset, batch.rowCount)];
}
