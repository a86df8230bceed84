// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What tests of the filter language share: a collection with a field of every kind that a filter
// can read, random rows for it (nulls, extremes, odd texts, JSON of every shape) both as a
// RowBatch and as oracle rows, and random filters that are well typed.

import { at, type Random } from '../../src/core/index.ts';
import { type OracleRow } from '../../src/expr/index.ts';
import {
  type BatchColumn,
  type CollectionSchema,
  type DataType,
  dataTypes,
  type FieldSchema,
  metaField,
  type RowBatch,
} from '../../src/model/index.ts';

export type Cell = null | boolean | bigint | number | string;

function field(
  id: number,
  name: string,
  type: DataType,
  changes: Partial<FieldSchema> = {},
): FieldSchema {
  return {
    id,
    name,
    description: '',
    type,
    elementType: null,
    dim: 0,
    maxLength: type === dataTypes.VarChar ? 1_000 : 0,
    maxCapacity: 0,
    primaryKey: false,
    autoId: false,
    nullable: false,
    partitionKey: false,
    clusteringKey: false,
    dynamic: false,
    defaultValue: null,
    params: {},
    ...changes,
  };
}

const nullable = { nullable: true };

/** id, one nullable field of every scalar type, two fields that no batch has, a vector, $meta. */
export const filterSchema: CollectionSchema = {
  name: 'filters',
  description: '',
  dynamic: true,
  version: 0,
  nextFieldId: 114,
  fields: [
    field(100, 'id', dataTypes.Int64, { primaryKey: true }),
    field(101, 'flag', dataTypes.Bool, nullable),
    field(102, 'tiny', dataTypes.Int8, nullable),
    field(103, 'small', dataTypes.Int16),
    field(104, 'medium', dataTypes.Int32, nullable),
    field(105, 'big', dataTypes.Int64, nullable),
    field(106, 'ratio', dataTypes.Float, nullable),
    field(107, 'price', dataTypes.Double, nullable),
    field(108, 'name', dataTypes.VarChar, nullable),
    field(109, 'color', dataTypes.VarChar),
    field(110, 'doc', dataTypes.JSON, nullable),
    field(111, 'added', dataTypes.Int32, { nullable: true, defaultValue: 7 }),
    field(112, 'gone', dataTypes.VarChar, nullable),
    field(113, 'vector', dataTypes.FloatVector, { dim: 4 }),
  ],
};

/** Fields of filterSchema that a batch holds; `added` and `gone` came later. */
const storedFields = [metaField, ...filterSchema.fields.filter(({ id }) => id <= 110)];

export function pick<T>(random: Random, list: readonly T[]): T {
  return at(list, Math.floor(random.unit() * list.length));
}

export const intPool = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  5n,
  7n,
  10n,
  100n,
  127n,
  -128n,
  128n,
  32_767n,
  -32_768n,
  2_147_483_647n,
  -2_147_483_648n,
  9_007_199_254_740_993n,
  -9_007_199_254_740_993n,
  9_223_372_036_854_775_807n,
  -9_223_372_036_854_775_808n,
];
export const doublePool = [
  0, -0, 0.5, 1, -1, 1.1, 2.5, 3, 100, 127, -128, 1e-3, 1e10, -1e10, 9_007_199_254_740_992,
  9.223372036854775e18, -9.223372036854775e18, 1e300, -1e300, 5e-324,
];
export const textPool = [
  '',
  'a',
  'ab',
  'abc',
  'b',
  'red',
  'green',
  'blue',
  'Red',
  '100%',
  'a_b',
  'é',
  'über',
  '日本',
  '日本語',
  '😀',
  'a😀b',
  'x\ny',
  'quo"te',
  "it's",
  'back\\slash',
  '\u{ffff}',
  'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  'tab\there',
];

function intCell(random: Random, bits: bigint): bigint {
  return BigInt.asIntN(
    Number(bits),
    random.unit() < 0.5 ? pick(random, intPool) : BigInt(Math.floor(random.unit() * 12) - 3),
  );
}

function jsonCell(random: Random, depth: number): string {
  const space = random.unit() < 0.2 ? ' ' : '';
  const kind = random.unit();
  if (depth > 0 && kind < 0.3) {
    const count = Math.floor(random.unit() * 4);
    const entries = Array.from(
      { length: count },
      () => `${jsonString(pick(random, keyPool))}${space}:${jsonCell(random, depth - 1)}`,
    );
    return `{${space}${entries.join(`,${space}`)}}`;
  }
  if (depth > 0 && kind < 0.45) {
    const items = Array.from({ length: Math.floor(random.unit() * 4) }, () =>
      jsonCell(random, depth - 1),
    );
    return `[${items.join(`,${space}`)}${space}]`;
  }
  if (kind < 0.6) return String(pick(random, intPool));
  if (kind < 0.7)
    return pick(random, [
      '1.0',
      '2.50',
      '1e2',
      '-0',
      '-0.0',
      '1.5E-3',
      '12345678901234567890',
      '0.1',
      '3',
      '100',
      '1e400',
    ]);
  if (kind < 0.8) return pick(random, ['true', 'false', 'null', 'null', '{}', '[]']);
  const text = jsonString(pick(random, textPool));
  return random.unit() < 0.1
    ? pick(random, ['"\\u0061b"', '"\\ud83d\\ude00"', '"\\/"', '"r\\u0065d"', '"\\ud800x"'])
    : text;
}

const keyPool = ['a', 'b', 'c', '0', '1', 'key"quote', 'é', 'deep'];

function jsonString(text: string): string {
  return JSON.stringify(text);
}

function documentCell(random: Random): string {
  if (random.unit() < 0.1) return jsonCell(random, 2);
  const keys = keyPool.filter(() => random.unit() < 0.5);
  if (random.unit() < 0.1) keys.push('a');
  const entries = keys.map((key) => {
    const name = random.unit() < 0.05 ? '"\\u0061"' : jsonString(key);
    return `${name}: ${jsonCell(random, 3)}`;
  });
  return `{${entries.join(', ')}}`;
}

/** A random value of a field, null now and then where it may be. */
export function randomCell(random: Random, { type, nullable: mayBeNull }: FieldSchema): Cell {
  if (mayBeNull && random.unit() < 0.2) return null;
  switch (type) {
    case dataTypes.Bool:
      return random.unit() < 0.5;
    case dataTypes.Int8:
      return intCell(random, 8n);
    case dataTypes.Int16:
      return intCell(random, 16n);
    case dataTypes.Int32:
      return intCell(random, 32n);
    case dataTypes.Int64:
      return intCell(random, 64n);
    case dataTypes.Float: {
      const value = Math.fround(pick(random, doublePool));
      return Number.isFinite(value) ? value : 1;
    }
    case dataTypes.Double:
      return pick(random, doublePool);
    case dataTypes.VarChar:
      return random.unit() < 0.8
        ? pick(random, textPool)
        : pick(random, textPool) + pick(random, textPool);
    default:
      return documentCell(random);
  }
}

export type Row = ReadonlyMap<number, Cell>;

export function randomRows(random: Random, rowCount: number): Row[] {
  return Array.from(
    { length: rowCount },
    () => new Map(storedFields.map((f) => [f.id, randomCell(random, f)])),
  );
}

/** A row as the oracle reads it: fields that the batch lacks give their default or null. */
export function oracleRow(row: Row): OracleRow {
  return {
    value(fieldId) {
      const cell = row.get(fieldId);
      if (cell !== undefined) return cell;
      return fieldId === 111 ? 7n : null;
    },
  };
}

/** Rows as the RowBatch that native code evaluates. */
export function batchOfRows(rows: readonly Row[]): RowBatch {
  return {
    rowCount: rows.length,
    columns: storedFields.map((f) =>
      columnOfCells(
        f,
        rows.map((row) => row.get(f.id) ?? null),
      ),
    ),
  };
}

function columnOfCells(f: FieldSchema, cells: readonly Cell[]): BatchColumn {
  const nullCount = cells.filter((cell) => cell === null).length;
  const validity = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((cell, i) => {
    if (cell !== null) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7));
  });
  const shape = {
    fieldId: f.id,
    type: f.type,
    elementType: null,
    dim: 0,
    nullCount,
    validity: f.nullable ? validity : null,
  };
  if (f.type === dataTypes.VarChar || f.type === dataTypes.JSON) {
    const texts = cells.map((cell) => Buffer.from(typeof cell === 'string' ? cell : ''));
    const offsets = new Uint32Array(cells.length + 1);
    texts.forEach((text, i) => {
      offsets[i + 1] = (offsets[i] ?? 0) + text.byteLength;
    });
    return { ...shape, offsets, data: new Uint8Array(Buffer.concat(texts)) };
  }
  const values = fixedValues(f.type, cells);
  return { ...shape, offsets: null, data: new Uint8Array(values.buffer) };
}

function fixedValues(type: DataType, cells: readonly Cell[]): ArrayBufferView<ArrayBuffer> {
  const numbers = cells.map((cell) => Number(cell ?? 0));
  switch (type) {
    case dataTypes.Bool:
      return Uint8Array.from(numbers);
    case dataTypes.Int8:
      return Int8Array.from(numbers);
    case dataTypes.Int16:
      return Int16Array.from(numbers);
    case dataTypes.Int32:
      return Int32Array.from(numbers);
    case dataTypes.Int64:
      return BigInt64Array.from(cells, (cell) => (typeof cell === 'bigint' ? cell : 0n));
    case dataTypes.Float:
      return Float32Array.from(numbers);
    default:
      return Float64Array.from(numbers);
  }
}
