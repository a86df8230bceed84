// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Picks rows of a batch into a new one.

import { at } from '../core/index.ts';
import { fixedWidthBytes } from './data-type.ts';
import { type BatchColumn, isPresent, type RowBatch } from './row-batch.ts';

/** The rows of a batch by number, in the order given. */
export function gatherRows(batch: RowBatch, rows: readonly number[]): RowBatch {
  return {
    rowCount: rows.length,
    columns: batch.columns.map((column) => gatherColumn(column, rows)),
  };
}

function gatherColumn(column: BatchColumn, rows: readonly number[]): BatchColumn {
  const pieces = rows.map((row) => valueBytes(column, row));
  const data = new Uint8Array(Buffer.concat(pieces));
  const present = rows.map((row) => isPresent(column, row));
  const nullCount = present.filter((value) => !value).length;
  return {
    ...column,
    nullCount,
    validity: nullCount === 0 ? null : bits(present),
    offsets: column.offsets === null ? null : offsetsOf(pieces),
    data,
  };
}

/** The bytes of one value. */
export function valueBytes(column: BatchColumn, row: number): Uint8Array {
  if (column.offsets !== null)
    return column.data.subarray(at(column.offsets, row), at(column.offsets, row + 1));
  const width = fixedWidthBytes(column.type, column.dim);
  return column.data.subarray(row * width, (row + 1) * width);
}

function offsetsOf(pieces: readonly Uint8Array[]): Uint32Array {
  const offsets = new Uint32Array(pieces.length + 1);
  pieces.forEach((piece, i) => {
    offsets[i + 1] = at(offsets, i) + piece.byteLength;
  });
  return offsets;
}

function bits(present: readonly boolean[]): Uint8Array {
  const packed = new Uint8Array(Math.ceil(present.length / 8));
  present.forEach((value, i) => {
    if (value) packed[i >> 3] = (packed[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return packed;
}
