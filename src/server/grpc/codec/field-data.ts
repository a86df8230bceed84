// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A RowBatch column as Milvus's FieldData, straight from the column's bytes; no value becomes a
// JavaScript object. The rule of nulls that SDKs rely on: the reply's validity stands in the top
// level valid_data of every nullable field; scalars are dense (a placeholder at null rows), vectors
// compact (present rows only). The oneof is set and dim non-zero even for no rows at all, since
// pymilvus divides by it.

import { assert, at, DbError } from '../../../core/index.ts';
import {
  type BatchColumn,
  dataTypes,
  type FieldSchema,
  fixedWidthBytes,
  isPresent,
  isVectorType,
} from '../../../model/index.ts';
import { memberPicker } from '../../json-pick.ts';
import type { WireWriter } from '../wire/writer.ts';

/** FieldData.scalars and .vectors; ScalarField's and VectorField's oneof slots. */
const fieldSlots = {
  type: 1,
  name: 2,
  scalars: 3,
  vectors: 4,
  fieldId: 5,
  dynamic: 6,
  validData: 7,
} as const;
const scalarSlots = { bool: 1, int: 2, long: 3, float: 4, double: 5, string: 6, json: 9 } as const;
const vectorSlots = {
  dim: 1,
  float: 2,
  binary: 3,
  float16: 4,
  bfloat16: 5,
  sparse: 6,
  int8: 7,
} as const;

/** Writes a column as field `slot` of the open message. dynamicKeys filters $meta; null = all of it. */
export function writeFieldData(
  writer: WireWriter,
  slot: number,
  field: FieldSchema,
  column: BatchColumn,
  rowCount: number,
  dynamicKeys: readonly string[] | null,
): void {
  writer.open(slot, column.data.byteLength + 2 * rowCount);
  writer.uint32(fieldSlots.type, field.type);
  writer.text(fieldSlots.name, field.name);
  if (isVectorType(field.type)) writeVectors(writer, column, rowCount);
  else writeScalars(writer, column, rowCount, field.dynamic ? dynamicKeys : null);
  writer.safeInteger(fieldSlots.fieldId, field.id);
  if (field.dynamic) writer.bool(fieldSlots.dynamic, true);
  if (field.nullable) writeValidity(writer, column, rowCount);
  writer.close();
}

function writeValidity(writer: WireWriter, column: BatchColumn, rowCount: number): void {
  const flags = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row++) flags[row] = isPresent(column, row) ? 1 : 0;
  writer.bytes(fieldSlots.validData, flags);
}

function writeScalars(
  writer: WireWriter,
  column: BatchColumn,
  rowCount: number,
  dynamicKeys: readonly string[] | null,
): void {
  const estimateBytes = column.data.byteLength + 2 * rowCount;
  writer.open(fieldSlots.scalars, estimateBytes);
  writer.open(scalarSlot(column), estimateBytes);
  if (column.offsets !== null)
    writeVariable(writer, column.data, column.offsets, rowCount, dynamicKeys);
  else writeNumbers(writer, column);
  writer.close();
  writer.close();
}

function scalarSlot(column: BatchColumn): number {
  switch (column.type) {
    case dataTypes.Bool:
      return scalarSlots.bool;
    case dataTypes.Int8:
    case dataTypes.Int16:
    case dataTypes.Int32:
      return scalarSlots.int;
    case dataTypes.Int64:
      return scalarSlots.long;
    case dataTypes.Float:
      return scalarSlots.float;
    case dataTypes.Double:
      return scalarSlots.double;
    case dataTypes.VarChar:
      return scalarSlots.string;
    case dataTypes.JSON:
      return scalarSlots.json;
    default:
      throw new DbError({
        code: 'unimplemented',
        message: `field type ${column.type} in a reply: not implemented yet`,
      });
  }
}

// StringArray and JSONArray alike: field 1, one element a row.
function writeVariable(
  writer: WireWriter,
  data: Uint8Array,
  offsets: Uint32Array,
  rowCount: number,
  dynamicKeys: readonly string[] | null,
): void {
  const pick = dynamicKeys === null ? null : memberPicker(dynamicKeys);
  for (let row = 0; row < rowCount; row++) {
    const start = at(offsets, row);
    const end = at(offsets, row + 1);
    if (pick === null) writer.slice(1, data, start, end);
    else writer.bytes(1, pick(data.subarray(start, end)));
  }
}

// Packed in field 1. Floats, doubles and bools are on the wire as they are in the batch.
function writeNumbers(writer: WireWriter, column: BatchColumn): void {
  const { data, type } = column;
  if (type === dataTypes.Float || type === dataTypes.Double || type === dataTypes.Bool) {
    writer.bytes(1, data);
    return;
  }
  writer.open(1, data.byteLength);
  if (type === dataTypes.Int64) writePackedInt64(writer, data);
  else {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const width = fixedWidthBytes(type, 0);
    for (let offset = 0; offset < data.byteLength; offset += width) {
      if (width === 1) writer.packedInt32(view.getInt8(offset));
      else if (width === 2) writer.packedInt32(view.getInt16(offset, true));
      else writer.packedInt32(view.getInt32(offset, true));
    }
  }
  writer.close();
}

/** Little-endian int64 values as varints, without a bigint for each. */
export function writePackedInt64(writer: WireWriter, data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let offset = 0; offset < data.byteLength; offset += 8) {
    writer.packedInt64(view.getUint32(offset, true), view.getUint32(offset + 4, true));
  }
}

function writeVectors(writer: WireWriter, column: BatchColumn, rowCount: number): void {
  const present = column.nullCount > 0 ? presentRows(column, rowCount) : null;
  writer.open(fieldSlots.vectors, column.data.byteLength + 16);
  if (column.type === dataTypes.SparseFloatVector) writeSparse(writer, column, rowCount, present);
  else {
    writer.safeInteger(vectorSlots.dim, column.dim);
    const values = present === null ? column.data : gather(column, present);
    if (column.type === dataTypes.FloatVector) {
      writer.open(vectorSlots.float, values.byteLength + 5);
      writer.bytes(1, values);
      writer.close();
    } else {
      writer.bytes(denseSlot(column), values);
    }
  }
  writer.close();
}

function denseSlot(column: BatchColumn): number {
  switch (column.type) {
    case dataTypes.BinaryVector:
      return vectorSlots.binary;
    case dataTypes.Float16Vector:
      return vectorSlots.float16;
    case dataTypes.BFloat16Vector:
      return vectorSlots.bfloat16;
    default:
      assert(column.type === dataTypes.Int8Vector, `type ${column.type} is a dense vector`);
      return vectorSlots.int8;
  }
}

function writeSparse(
  writer: WireWriter,
  column: BatchColumn,
  rowCount: number,
  present: readonly number[] | null,
): void {
  const { data, offsets } = column;
  assert(offsets !== null, 'a sparse column has offsets');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let dim = 1;
  writer.open(vectorSlots.sparse, data.byteLength + 2 * rowCount);
  for (let i = 0; i < (present?.length ?? rowCount); i++) {
    const row = present === null ? i : at(present, i);
    const start = at(offsets, row);
    const end = at(offsets, row + 1);
    writer.slice(1, data, start, end);
    // Pairs ascend, so the last index is the largest.
    if (end > start) dim = Math.max(dim, view.getUint32(end - 8, true) + 1);
  }
  writer.safeInteger(2, dim);
  writer.close();
  writer.safeInteger(vectorSlots.dim, dim);
}

function presentRows(column: BatchColumn, rowCount: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < rowCount; row++) if (isPresent(column, row)) rows.push(row);
  return rows;
}

function gather(column: BatchColumn, rows: readonly number[]): Uint8Array {
  const width = fixedWidthBytes(column.type, column.dim);
  const result = new Uint8Array(width * rows.length);
  rows.forEach((row, i) => {
    result.set(column.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return result;
}
