// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// REST rows into a RowBatch keyed by field id. What a JSON value cannot be (a text for a number, an
// integer beyond its type, a vector of another dimension) is refused here with the field, what was
// expected and what came; lengths, keys and defaults are checked where every batch is checked.

import { DbError } from '../../core/index.ts';
import {
  type BatchColumn,
  type CollectionSchema,
  dataTypeName,
  dataTypes,
  type FieldSchema,
  fieldByName,
  fixedWidthBytes,
  metaField,
  metaFieldName,
  type RowBatch,
} from '../../model/index.ts';
import { jsonKind } from './body.ts';
import { type JsonObject, type JsonValue, parseJson, writeJson } from './json.ts';

const encoder = new TextEncoder();
const loneSurrogate = /\p{Surrogate}/u;
const integerRanges: Readonly<Record<number, bigint>> = {
  2: 1n << 7n,
  3: 1n << 15n,
  4: 1n << 31n,
  5: 1n << 63n,
};

/** Columns of all fields that the rows give; null = absent in that row. */
export function decodeRows(schema: CollectionSchema, rows: readonly JsonObject[]): RowBatch {
  for (const [i, row] of rows.entries()) checkKeys(schema, row, i);
  const columns = schema.fields
    .filter((field) => rows.some((row) => row.get(field.name) !== undefined) || mustCome(field))
    .map((field) => decodeColumn(field, rows));
  if (schema.dynamic) columns.push(dynamicColumn(schema, rows));
  columns.sort((a, b) => a.fieldId - b.fieldId);
  return { rowCount: rows.length, columns };
}

function mustCome(field: FieldSchema): boolean {
  return !field.autoId && !field.nullable && field.defaultValue === null;
}

function checkKeys(schema: CollectionSchema, row: JsonObject, position: number): void {
  for (const key of row.keys()) {
    const field = key === metaFieldName ? null : fieldByName(schema, key);
    if (field === null && (!schema.dynamic || key === metaFieldName)) {
      throw new DbError({
        code: 'field-unknown',
        field: key,
        expected: `a field of collection ${schema.name}`,
        received: `data[${position}].${key}`,
      });
    }
  }
}

function decodeColumn(field: FieldSchema, rows: readonly JsonObject[]): BatchColumn {
  const width = fixedWidthBytes(field.type, field.dim);
  const cells = rows.map((row) => {
    const value = row.get(field.name) ?? null;
    if (value !== null) return decodeCell(field, value, row);
    if (!mustCome(field)) return null;
    throw new DbError({
      code: 'field-missing',
      field: field.name,
      expected: typeText(field),
      received: row.get(field.name) === null ? 'null' : 'nothing',
    });
  });
  return columnOfCells(field, cells, width);
}

function columnOfCells(
  field: FieldSchema,
  cells: readonly (Uint8Array | null)[],
  width: number,
): BatchColumn {
  const offsets = width > 0 ? null : new Uint32Array(cells.length + 1);
  const validity = new Uint8Array(Math.ceil(cells.length / 8));
  let nullCount = 0;
  let size = 0;
  for (const [row, cell] of cells.entries()) {
    if (cell === null) nullCount += 1;
    else validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    size += width > 0 ? width : (cell?.length ?? 0);
    if (offsets !== null) offsets[row + 1] = size;
  }
  const data = new Uint8Array(size);
  let next = 0;
  for (const cell of cells) {
    if (cell !== null) data.set(cell, next);
    next += width > 0 ? width : (cell?.length ?? 0);
  }
  const { id: fieldId, type, elementType, dim } = field;
  return {
    fieldId,
    type,
    elementType,
    dim,
    nullCount,
    validity: nullCount === 0 ? null : validity,
    offsets,
    data,
  };
}

function decodeCell(field: FieldSchema, value: JsonValue, row: JsonObject): Uint8Array {
  switch (field.type) {
    case dataTypes.Bool:
      if (typeof value !== 'boolean') throw wrongType(field, value);
      return Uint8Array.of(value ? 1 : 0);
    case dataTypes.Int8:
    case dataTypes.Int16:
    case dataTypes.Int32:
    case dataTypes.Int64:
      return integerBytes(field, value);
    case dataTypes.Float:
    case dataTypes.Double:
      return floatBytes(field, value);
    case dataTypes.VarChar:
      if (typeof value !== 'string') throw wrongType(field, value);
      return utf8(field, value);
    case dataTypes.JSON:
      return utf8(field, jsonText(field, value, row));
    case dataTypes.FloatVector:
      return floatVectorBytes(field, value);
    default:
      throw new DbError({
        code: 'unimplemented',
        message: `field ${field.name}: ${typeText(field)} by REST is not implemented yet`,
      });
  }
}

function integerBytes(field: FieldSchema, value: JsonValue): Uint8Array {
  const integer = integerOf(value);
  if (integer === null) throw wrongType(field, value);
  const bound = integerRanges[field.type] ?? 0n;
  if (integer < -bound || integer >= bound) {
    throw new DbError({
      code: 'value-range',
      field: field.name,
      expected: `${typeText(field)} from ${-bound} to ${bound - 1n}`,
      received: String(integer).slice(0, 40),
    });
  }
  return new Uint8Array(BigInt64Array.of(integer).buffer, 0, fixedWidthBytes(field.type, 0));
}

/** Integers also come as text, from clients whose numbers are doubles. */
function integerOf(value: JsonValue): bigint | null {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : null;
  return typeof value === 'string' && /^[+-]?\d{1,20}$/.test(value)
    ? BigInt(value.replace('+', ''))
    : null;
}

/** An Int64 key; throws with the field's name. */
export function int64Value(field: string, value: JsonValue): bigint {
  const integer = integerOf(value);
  if (integer !== null && BigInt.asIntN(64, integer) === integer) return integer;
  throw new DbError({ code: 'field-type', field, expected: 'Int64', received: jsonKind(value) });
}

function floatBytes(field: FieldSchema, value: JsonValue): Uint8Array {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw wrongType(field, value);
  const number = Number(value);
  if (field.type === dataTypes.Double) return new Uint8Array(Float64Array.of(number).buffer);
  const single = Math.fround(number);
  if (!Number.isFinite(single)) {
    throw new DbError({
      code: 'value-range',
      field: field.name,
      expected: 'a Float',
      received: String(number),
    });
  }
  return new Uint8Array(Float32Array.of(single).buffer);
}

/** A JSON array as the field's fp32 vector. */
export function floatVectorBytes(field: FieldSchema, value: JsonValue): Uint8Array {
  if (!Array.isArray(value)) throw wrongType(field, value);
  if (value.length !== field.dim) {
    throw new DbError({
      code: 'vector-dimension',
      field: field.name,
      expected: `dim ${field.dim}`,
      received: value.length,
    });
  }
  const vector = new Float32Array(value.length);
  for (const [i, item] of (value as readonly JsonValue[]).entries()) {
    if (typeof item !== 'number' && typeof item !== 'bigint') {
      throw new DbError({
        code: 'field-type',
        field: field.name,
        expected: `a number at [${i}]`,
        received: jsonKind(item),
      });
    }
    vector[i] = Number(item);
    if (!Number.isFinite(vector[i])) {
      throw new DbError({
        code: 'value-range',
        field: field.name,
        expected: `a Float at [${i}]`,
        received: String(item),
      });
    }
  }
  return new Uint8Array(vector.buffer);
}

// As Milvus reads it: a text that holds JSON is that JSON; any other value stands for itself.
function jsonText(field: FieldSchema, value: JsonValue, row: JsonObject): string {
  if (typeof value !== 'string') return row.raw(field.name);
  try {
    parseJson(value);
    return value;
  } catch {
    // A text like any other: it is stored as a JSON string.
    return row.raw(field.name);
  }
}

function dynamicColumn(schema: CollectionSchema, rows: readonly JsonObject[]): BatchColumn {
  const cells = rows.map((row) => {
    const members: string[] = [];
    for (const key of row.keys()) {
      if (fieldByName(schema, key) === null)
        members.push(`${writeJson(key, false)}:${row.raw(key)}`);
    }
    return utf8(metaField, `{${members.join(',')}}`);
  });
  return columnOfCells(metaField, cells, 0);
}

function utf8(field: FieldSchema, value: string): Uint8Array {
  // An escape such as \ud800 alone is JSON, but no text.
  if (!loneSurrogate.test(value)) return encoder.encode(value);
  throw new DbError({
    code: 'value-utf8',
    field: field.name,
    expected: 'text',
    received: 'half a surrogate pair',
  });
}

function wrongType(field: FieldSchema, value: JsonValue): DbError {
  return new DbError({
    code: 'field-type',
    field: field.name,
    expected: typeText(field),
    received: jsonKind(value),
  });
}

function typeText(field: FieldSchema): string {
  return dataTypeName(field.type) ?? String(field.type);
}
