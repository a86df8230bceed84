// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// RowBatch: the one layout of rows. The same bytes are a section of a log envelope, a message
// between threads, what a growing segment appends, what a sealed segment maps and what a fetch
// returns. docs/formats.md is its page; native/segment/row-batch.h its other reader; the golden
// bytes in row-batch.test.ts hold both to it.
//
// Little-endian. Every region starts at a multiple of 64 bytes from the batch's first byte, the
// gaps are zero, the whole is a multiple of 64 and at most 2 GiB.
//
//   header, 64 bytes
//     0 u32 magic 'DRB1'    4 u16 version 1      6 u16 column count
//     8 u32 row count      12 u32 zero          16 u64 total bytes      24.. zero
//   directory, 64 bytes a column, ascending field id
//     0 u32 field id        4 u8 type            5 u8 element type (arrays)   6 u16 zero
//     8 u32 dim            12 u32 null count
//    16 u64 validity offset (0 = every row present)
//    24 u64 offsets offset (0 = fixed width)
//    32 u64 data offset    40 u64 data bytes    48.. zero
//   regions
//     validity: ceil(rows / 8) bytes, LSB first, 1 = present
//     offsets:  (rows + 1) u32 into data, first 0, never descending, last = data bytes
//     data:     fixed-width values, or the bytes that offsets point into
//
// Values: Bool 1 byte 0/1; integers and floats as they are; VarChar UTF-8; JSON and $meta their
// original UTF-8; vectors packed (sparse: u32 index, f32 value pairs ascending); an array of
// fixed-width elements packed, of VarChar u32 count, count u32 lengths, bytes. A null fixed-width
// value is zero bytes, a null variable one is empty.

import { assert, DbError } from '../core/index.ts';
import { type DataType, fixedWidthBytes, isDataType } from './data-type.ts';

const magic = 0x31425244; // 'DRB1'
const version = 1;
const headerBytes = 64;
const directoryEntryBytes = 64;
const alignment = 64;
const totalBytesMax = 2 ** 31;

/** One column of a batch as views on its bytes. */
export interface BatchColumn {
  readonly fieldId: number;
  readonly type: DataType;
  readonly elementType: DataType | null;
  readonly dim: number;
  readonly nullCount: number;
  /** LSB first, 1 = present; null = every row present. */
  readonly validity: Uint8Array | null;
  /** rowCount + 1 entries; null for fixed width. */
  readonly offsets: Uint32Array | null;
  readonly data: Uint8Array;
}

export interface RowBatch {
  readonly rowCount: number;
  readonly columns: readonly BatchColumn[];
}

export function alignUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / alignment) * alignment;
}

/** Bytes that encodeRowBatch will write. */
export function rowBatchBytes(batch: RowBatch): number {
  let total = headerBytes + directoryEntryBytes * batch.columns.length;
  for (const column of batch.columns) {
    if (column.validity !== null) total += alignUp(Math.ceil(batch.rowCount / 8));
    if (column.offsets !== null) total += alignUp(4 * (batch.rowCount + 1));
    total += alignUp(column.data.byteLength);
  }
  return total;
}

/** Writes a batch at the start of target, which must be 8-byte aligned and large enough. */
export function encodeRowBatchInto(batch: RowBatch, target: Uint8Array): void {
  const total = rowBatchBytes(batch);
  assert(total <= target.byteLength, 'the batch fits its target');
  if (total > totalBytesMax) {
    throw new DbError({
      code: 'request-too-large',
      expected: `at most ${totalBytesMax} bytes of rows`,
      received: total,
    });
  }
  const view = new DataView(target.buffer, target.byteOffset, total);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint16(6, batch.columns.length, true);
  view.setUint32(8, batch.rowCount, true);
  view.setBigUint64(16, BigInt(total), true);
  let next = headerBytes + directoryEntryBytes * batch.columns.length;
  const place = (bytes: Uint8Array): bigint => {
    const start = next;
    target.set(bytes, start);
    next += alignUp(bytes.byteLength);
    return BigInt(start);
  };
  batch.columns.forEach((column, i) => {
    const entry = headerBytes + directoryEntryBytes * i;
    view.setUint32(entry, column.fieldId, true);
    view.setUint8(entry + 4, column.type);
    view.setUint8(entry + 5, column.elementType ?? 0);
    view.setUint32(entry + 8, column.dim, true);
    view.setUint32(entry + 12, column.nullCount, true);
    if (column.validity !== null) view.setBigUint64(entry + 16, place(column.validity), true);
    if (column.offsets !== null)
      view.setBigUint64(entry + 24, place(asBytes(column.offsets)), true);
    view.setBigUint64(entry + 32, place(column.data), true);
    view.setBigUint64(entry + 40, BigInt(column.data.byteLength), true);
  });
}

export function encodeRowBatch(batch: RowBatch): Uint8Array {
  const target = new Uint8Array(rowBatchBytes(batch));
  encodeRowBatchInto(batch, target);
  return target;
}

/**
 * Reads a batch as views on bytes (nothing copied); every offset and length is checked first.
 * bytes must start at a multiple of 8 in its buffer. Throws `corrupt`.
 */
export function decodeRowBatch(bytes: Uint8Array): RowBatch {
  const check = (condition: boolean, what: string): void => {
    if (!condition) throw new DbError({ code: 'corrupt', message: `row batch: ${what}` });
  };
  check(bytes.byteLength >= headerBytes, 'shorter than its header');
  check(bytes.byteOffset % 8 === 0, 'not aligned');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  check(view.getUint32(0, true) === magic, 'bad magic');
  check(view.getUint16(4, true) === version, 'unknown version');
  const columnCount = view.getUint16(6, true);
  const rowCount = view.getUint32(8, true);
  const total = Number(view.getBigUint64(16, true));
  check(total <= bytes.byteLength && total % alignment === 0, 'length beyond its bytes');
  check(headerBytes + directoryEntryBytes * columnCount <= total, 'directory beyond its bytes');
  const region = (start: bigint, length: number, what: string): Uint8Array => {
    const from = Number(start);
    check(
      from % alignment === 0 && from >= headerBytes && from + length <= total,
      `${what} beyond its bytes`,
    );
    return bytes.subarray(from, from + length);
  };
  const columns: BatchColumn[] = [];
  for (let i = 0; i < columnCount; i++) {
    const entry = headerBytes + directoryEntryBytes * i;
    const fieldId = view.getUint32(entry, true);
    const type = view.getUint8(entry + 4);
    check(isDataType(type), `field ${fieldId} has an unknown type`);
    const elementType = view.getUint8(entry + 5);
    const dim = view.getUint32(entry + 8, true);
    const validityAt = view.getBigUint64(entry + 16, true);
    const offsetsAt = view.getBigUint64(entry + 24, true);
    const width = fixedWidthBytes(type as DataType, dim);
    check((offsetsAt === 0n) === width > 0, `field ${fieldId}: offsets do not fit its type`);
    const data = region(
      view.getBigUint64(entry + 32, true),
      Number(view.getBigUint64(entry + 40, true)),
      'data',
    );
    const offsetBytes = width > 0 ? null : region(offsetsAt, 4 * (rowCount + 1), 'offsets');
    const offsets =
      offsetBytes === null
        ? null
        : new Uint32Array(offsetBytes.buffer, offsetBytes.byteOffset, rowCount + 1);
    if (offsets === null)
      check(data.byteLength === width * rowCount, `field ${fieldId}: wrong data length`);
    else check(offsetsAscend(offsets, data.byteLength), `field ${fieldId}: offsets out of order`);
    columns.push({
      fieldId,
      type: type as DataType,
      elementType: isDataType(elementType) ? elementType : null,
      dim,
      nullCount: view.getUint32(entry + 12, true),
      validity: validityAt === 0n ? null : region(validityAt, Math.ceil(rowCount / 8), 'validity'),
      offsets,
      data,
    });
  }
  return { rowCount, columns };
}

export function columnOf(batch: RowBatch, fieldId: number): BatchColumn | null {
  return batch.columns.find((column) => column.fieldId === fieldId) ?? null;
}

export function isPresent(column: BatchColumn, row: number): boolean {
  if (column.validity === null) return true;
  return (((column.validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

function offsetsAscend(offsets: Uint32Array, dataBytes: number): boolean {
  let previous = 0;
  for (const offset of offsets) {
    if (offset < previous) return false;
    previous = offset;
  }
  return offsets[0] === 0 && previous === dataBytes;
}

function asBytes(values: Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
