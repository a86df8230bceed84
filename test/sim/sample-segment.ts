// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A schema with a column of every scalar kind and rows for it, nulls included.

import type { SegmentImage } from '../../native/index.ts';
import { seededRandom } from '../../src/core/index.ts';
import {
  type BatchColumn,
  type CollectionSchema,
  type DataType,
  dataTypes,
  encodeRowBatch,
  type FieldSchema,
  metaFieldId,
  type RowBatch,
  timestampFieldId,
} from '../../src/model/index.ts';

export const sampleDim = 16;

export const sampleSchema: CollectionSchema = {
  name: 'sample',
  description: '',
  dynamic: true,
  version: 0,
  nextFieldId: 110,
  fields: [
    field(100, 'id', dataTypes.Int64, { primaryKey: true }),
    field(101, 'embedding', dataTypes.FloatVector, { dim: sampleDim }),
    field(102, 'flag', dataTypes.Bool, {}),
    field(103, 'tiny', dataTypes.Int8, { nullable: true }),
    field(104, 'small', dataTypes.Int16, {}),
    field(105, 'whole', dataTypes.Int32, {}),
    field(106, 'single', dataTypes.Float, { nullable: true }),
    field(107, 'double', dataTypes.Double, {}),
    field(108, 'title', dataTypes.VarChar, { maxLength: 100, nullable: true }),
    field(109, 'extra', dataTypes.JSON, { nullable: true }),
  ],
};

function field(id: number, name: string, type: DataType, more: Partial<FieldSchema>): FieldSchema {
  return {
    id,
    name,
    type,
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
    ...more,
  };
}

/** Rows 0.. whose values follow from the row number; some are null where the field may be. */
export function sampleBatch(rowCount: number): RowBatch {
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  const stamps = BigInt64Array.from(rows, (row) => (1n << 58n) + BigInt(row));
  const nullEvery = (step: number) => (row: number) => row % step === 1;
  return {
    rowCount,
    columns: [
      fixed(timestampFieldId, dataTypes.Int64, stamps, null),
      text(metaFieldId, dataTypes.JSON, rows, (row) => `{"n":${row}}`, null),
      fixed(100, dataTypes.Int64, BigInt64Array.from(rows, BigInt), null),
      fixed(
        102,
        dataTypes.Bool,
        Uint8Array.from(rows, (row) => row % 2),
        null,
      ),
      fixed(
        103,
        dataTypes.Int8,
        Int8Array.from(rows, (row) => -(row % 100)),
        nullEvery(3),
      ),
      fixed(
        104,
        dataTypes.Int16,
        Int16Array.from(rows, (row) => row % 30_000),
        null,
      ),
      fixed(
        105,
        dataTypes.Int32,
        Int32Array.from(rows, (row) => -1_000 * row),
        null,
      ),
      fixed(
        106,
        dataTypes.Float,
        Float32Array.from(rows, (row) => row / 3),
        nullEvery(5),
      ),
      fixed(
        107,
        dataTypes.Double,
        Float64Array.from(rows, (row) => row / 7),
        null,
      ),
      text(108, dataTypes.VarChar, rows, (row) => `title ${row} ✓`, nullEvery(4)),
      text(
        109,
        dataTypes.JSON,
        rows,
        (row) => (row % 9 === 0 ? '[]' : `{"r":${row}}`),
        nullEvery(6),
      ),
    ],
  };
}

/** What sealing those rows would give. */
export function sampleImage(rowCount: number): SegmentImage {
  const random = seededRandom(rowCount);
  return {
    base: encodeRowBatch(sampleBatch(rowCount)),
    vectors: [{ fieldId: 101, bytes: random.bytes(4 * sampleDim * rowCount) }],
    keys: random.bytes(16 * rowCount),
    deletes: null,
    rowCount,
  };
}

type Values =
  | BigInt64Array
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

function fixed(
  fieldId: number,
  type: DataType,
  values: Values,
  isNull: ((row: number) => boolean) | null,
): BatchColumn {
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const { validity, nullCount } = validityOf(values.length, isNull);
  const width = values.BYTES_PER_ELEMENT;
  for (let row = 0; row < values.length; row++) {
    if (isNull?.(row) === true) data.fill(0, row * width, (row + 1) * width);
  }
  return { fieldId, type, elementType: null, dim: 0, nullCount, validity, offsets: null, data };
}

function text(
  fieldId: number,
  type: DataType,
  rows: readonly number[],
  make: (row: number) => string,
  isNull: ((row: number) => boolean) | null,
): BatchColumn {
  const pieces = rows.map((row) => Buffer.from(isNull?.(row) === true ? '' : make(row)));
  const offsets = new Uint32Array(rows.length + 1);
  pieces.forEach((piece, row) => {
    offsets[row + 1] = (offsets[row] ?? 0) + piece.byteLength;
  });
  const data = new Uint8Array(Buffer.concat(pieces));
  const { validity, nullCount } = validityOf(rows.length, isNull);
  return { fieldId, type, elementType: null, dim: 0, nullCount, validity, offsets, data };
}

function validityOf(
  rowCount: number,
  isNull: ((row: number) => boolean) | null,
): { readonly validity: Uint8Array | null; readonly nullCount: number } {
  const validity = new Uint8Array(Math.ceil(rowCount / 8));
  let nullCount = 0;
  for (let row = 0; row < rowCount; row++) {
    if (isNull?.(row) === true) nullCount++;
    else validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return nullCount === 0 ? { validity: null, nullCount } : { validity, nullCount };
}
