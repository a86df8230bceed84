// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A RowBatch as an Arrow table and back. Numbers and text share their bytes with the batch going
// out; coming back, columns are put together from Arrow's chunks, and null values become zero or
// empty again, so that a batch is the same bytes after the journey.

import type * as Arrow from 'apache-arrow';
import { at, DbError } from '../core/index.ts';
import {
  type BatchColumn,
  type DataType,
  dataTypes,
  fixedWidthBytes,
  isPresent,
  type RowBatch,
} from '../model/index.ts';

/** The Arrow library; imported when first needed, since a server seldom does. */
export type ArrowLibrary = typeof Arrow;

/** A field's place in a Parquet file of rows. */
export interface BaseField {
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
}

/** How Arrow and Parquet agree on field ids. */
const fieldIdKey = 'PARQUET:field_id';

export function toArrowTable(
  arrow: ArrowLibrary,
  batch: RowBatch,
  fields: readonly BaseField[],
): Arrow.Table {
  const parts = fields.map((field) => {
    const column = batch.columns.find((candidate) => candidate.fieldId === field.id);
    if (column === undefined) {
      throw new DbError({
        code: 'field-missing',
        field: field.name,
        expected: 'a column',
        received: 'none',
      });
    }
    const data = toArrowData(arrow, column, batch.rowCount);
    const metadata = new Map([[fieldIdKey, String(field.id)]]);
    return { data, field: new arrow.Field(field.name, data.type, column.nullCount > 0, metadata) };
  });
  const schema = new arrow.Schema(parts.map((part) => part.field));
  const struct = arrow.makeData({
    type: new arrow.Struct(parts.map((part) => part.field)),
    length: batch.rowCount,
    nullCount: 0,
    children: parts.map((part) => part.data),
  });
  return new arrow.Table(schema, new arrow.RecordBatch(schema, struct));
}

function toArrowData(arrow: ArrowLibrary, column: BatchColumn, length: number): Arrow.Data {
  const { data, nullCount } = column;
  const common = { length, nullCount, nullBitmap: column.validity };
  const values = { ...common, offset: 0 };
  switch (column.type) {
    case dataTypes.Bool:
      return arrow.makeData({ ...values, type: new arrow.Bool(), data: packBits(data) });
    case dataTypes.Int8:
      return arrow.makeData({ ...values, type: new arrow.Int8(), data: typed(Int8Array, data) });
    case dataTypes.Int16:
      return arrow.makeData({ ...values, type: new arrow.Int16(), data: typed(Int16Array, data) });
    case dataTypes.Int32:
      return arrow.makeData({ ...values, type: new arrow.Int32(), data: typed(Int32Array, data) });
    case dataTypes.Int64:
      return arrow.makeData({
        ...values,
        type: new arrow.Int64(),
        data: typed(BigInt64Array, data),
      });
    case dataTypes.Float:
      return arrow.makeData({
        ...values,
        type: new arrow.Float32(),
        data: typed(Float32Array, data),
      });
    case dataTypes.Double:
      return arrow.makeData({
        ...values,
        type: new arrow.Float64(),
        data: typed(Float64Array, data),
      });
    case dataTypes.VarChar:
    case dataTypes.JSON: {
      const offsets = column.offsets ?? new Uint32Array(length + 1);
      const valueOffsets = new Int32Array(offsets.buffer, offsets.byteOffset, offsets.length);
      return arrow.makeData({ ...values, type: new arrow.Utf8(), valueOffsets, data });
    }
    default:
      throw unsupported(column.fieldId, column.type);
  }
}

/** The batch in ascending field ids; fields names the type of each id. */
export function fromArrowTable(table: Arrow.Table, fields: readonly BaseField[]): RowBatch {
  const columns = table.schema.fields.map((arrowField, index) => {
    const id = Number(arrowField.metadata.get(fieldIdKey));
    const field = fields.find((candidate) => candidate.id === id);
    if (field === undefined) {
      const message = `Parquet column ${arrowField.name}: no field has its id ${id}`;
      throw new DbError({ code: 'corrupt', message });
    }
    const chunks = table.data.map((batch) => at(batch.children, index));
    return fromArrowData(field, chunks, table.numRows);
  });
  return { rowCount: table.numRows, columns: columns.sort((a, b) => a.fieldId - b.fieldId) };
}

function fromArrowData(
  field: BaseField,
  chunks: readonly Arrow.Data[],
  rowCount: number,
): BatchColumn {
  const nullCount = chunks.reduce((sum, chunk) => sum + chunk.nullCount, 0);
  const bare = {
    fieldId: field.id,
    type: field.type,
    elementType: null,
    dim: 0,
    nullCount,
    validity: nullCount === 0 ? null : joinValidity(chunks, rowCount),
  };
  const width = fixedWidthBytes(field.type, 0);
  if (width > 0) {
    const column = { ...bare, offsets: null, data: joinFixed(field, chunks, rowCount, width) };
    zeroNulls(column, rowCount, width);
    return column;
  }
  if (field.type !== dataTypes.VarChar && field.type !== dataTypes.JSON)
    throw unsupported(field.id, field.type);
  return { ...bare, ...joinText(chunks, rowCount) };
}

function joinFixed(
  field: BaseField,
  chunks: readonly Arrow.Data[],
  rowCount: number,
  width: number,
): Uint8Array {
  const data = new Uint8Array(rowCount * width);
  let row = 0;
  for (const chunk of chunks) {
    const values = chunk.values as ArrayBufferView;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (field.type === dataTypes.Bool) {
      for (let i = 0; i < chunk.length; i++) data[row + i] = bitAt(bytes, chunk.offset + i);
    } else {
      data.set(bytes.subarray(0, chunk.length * width), row * width);
    }
    row += chunk.length;
  }
  return data;
}

function joinText(
  chunks: readonly Arrow.Data[],
  rowCount: number,
): { readonly offsets: Uint32Array; readonly data: Uint8Array } {
  const offsets = new Uint32Array(rowCount + 1);
  const pieces: Uint8Array[] = [];
  let row = 0;
  let size = 0;
  for (const chunk of chunks) {
    const starts = chunk.valueOffsets as Int32Array;
    const first = at(starts, 0);
    for (let i = 1; i <= chunk.length; i++) offsets[row + i] = size + at(starts, i) - first;
    const last = at(starts, chunk.length);
    pieces.push((chunk.values as Uint8Array).subarray(first, last));
    row += chunk.length;
    size += last - first;
  }
  const data = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    data.set(piece, offset);
    offset += piece.byteLength;
  }
  return { offsets, data };
}

function joinValidity(chunks: readonly Arrow.Data[], rowCount: number): Uint8Array {
  const validity = new Uint8Array(Math.ceil(rowCount / 8));
  let row = 0;
  for (const chunk of chunks) {
    const bits = chunk.nullCount === 0 ? null : chunk.nullBitmap;
    for (let i = 0; i < chunk.length; i++, row++) {
      const present = bits === null || bitAt(bits, chunk.offset + i) === 1;
      if (present) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    }
  }
  return validity;
}

function zeroNulls(column: BatchColumn, rowCount: number, width: number): void {
  if (column.validity === null) return;
  for (let row = 0; row < rowCount; row++) {
    if (!isPresent(column, row)) column.data.fill(0, row * width, (row + 1) * width);
  }
}

function packBits(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bytes.byteLength / 8));
  bytes.forEach((value, row) => {
    if (value !== 0) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}

function bitAt(bits: Uint8Array, index: number): 0 | 1 {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1 ? 1 : 0;
}

interface TypedArrayConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

function typed<T>(constructor: TypedArrayConstructor<T>, bytes: Uint8Array): T {
  return new constructor(
    bytes.buffer,
    bytes.byteOffset,
    bytes.byteLength / constructor.BYTES_PER_ELEMENT,
  );
}

function unsupported(fieldId: number, type: DataType): DbError {
  const message = `field ${fieldId}: type ${type} has no Parquet form in this version`;
  return new DbError({ code: 'unimplemented', message });
}
