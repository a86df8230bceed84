// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// vec.<field>.parquet: a valid Parquet file that is also a raw block to map. One column, REQUIRED
// FIXED_LEN_BYTE_ARRAY, one row group, one data page, PLAIN and uncompressed, so the page's bytes
// are the rows one after the other. The page header ends at byte 4096: Parquet finds pages by the
// offsets in the footer, so the gap in front is legal, and the rows are aligned to memory pages.

import { assert, DbError, type Disk } from '../core/index.ts';
import type { FieldSchema } from '../model/index.ts';
import {
  decodeThrift,
  encodeThrift,
  i32,
  i64,
  list,
  struct,
  type ThriftRead,
  type ThriftStruct,
  text,
} from './thrift-compact.ts';

/** Where the rows begin in a file that this version writes. */
export const vectorDataOffsetBytes = 4096;

/** Parquet's own numbers. */
const parquet = {
  fixedLenByteArray: 7,
  required: 0,
  plain: 0,
  rle: 3,
  dataPage: 0,
  uncompressed: 0,
};
const parquetMagic = new TextEncoder().encode('PAR1');
/** Page sizes are i32 in Parquet. */
const dataBytesMax = 2 ** 31 - 1;

/** What stands around the rows. */
export interface VectorParquetFrame {
  /** Goes before the rows: vectorDataOffsetBytes long. */
  readonly head: Uint8Array;
  /** Goes after them. */
  readonly tail: Uint8Array;
}

/** The bytes around rowCount rows of rowBytes each. */
export function vectorParquetFrame(
  field: Pick<FieldSchema, 'id' | 'name' | 'type' | 'dim'>,
  rowBytes: number,
  rowCount: number,
): VectorParquetFrame {
  const dataBytes = rowBytes * rowCount;
  if (dataBytes > dataBytesMax) {
    const expected = `at most ${dataBytesMax} bytes of one vector field in a segment`;
    throw new DbError({
      code: 'request-too-large',
      field: field.name,
      expected,
      received: dataBytes,
    });
  }
  const pageHeader = encodeThrift(
    struct(
      [1, i32(parquet.dataPage)],
      [2, i32(dataBytes)],
      [3, i32(dataBytes)],
      [
        5,
        struct(
          [1, i32(rowCount)],
          [2, i32(parquet.plain)],
          [3, i32(parquet.rle)],
          [4, i32(parquet.rle)],
        ),
      ],
    ),
  );
  const pageOffset = vectorDataOffsetBytes - pageHeader.byteLength;
  assert(pageOffset > parquetMagic.byteLength, 'the page header fits before the rows');
  const head = new Uint8Array(vectorDataOffsetBytes);
  head.set(parquetMagic, 0);
  head.set(pageHeader, pageOffset);
  const footer = footerOf(field, rowBytes, rowCount, pageOffset);
  const tail = new Uint8Array(footer.byteLength + 8);
  tail.set(footer, 0);
  new DataView(tail.buffer).setUint32(footer.byteLength, footer.byteLength, true);
  tail.set(parquetMagic, footer.byteLength + 4);
  return { head, tail };
}

function footerOf(
  field: Pick<FieldSchema, 'id' | 'name' | 'type' | 'dim'>,
  rowBytes: number,
  rowCount: number,
  pageOffset: number,
): Uint8Array {
  const chunkBytes = vectorDataOffsetBytes - pageOffset + rowBytes * rowCount;
  const column = struct(
    [1, i32(parquet.fixedLenByteArray)],
    [2, list([i32(parquet.plain), i32(parquet.rle)])],
    [3, list([text(field.name)])],
    [4, i32(parquet.uncompressed)],
    [5, i64(rowCount)],
    [6, i64(chunkBytes)],
    [7, i64(chunkBytes)],
    [9, i64(pageOffset)],
  );
  return encodeThrift(
    struct(
      [1, i32(1)],
      [
        2,
        list([
          struct([4, text('schema')], [5, i32(1)]),
          struct(
            [1, i32(parquet.fixedLenByteArray)],
            [2, i32(rowBytes)],
            [3, i32(parquet.required)],
            [4, text(field.name)],
            [9, i32(field.id)],
          ),
        ]),
      ],
      [3, i64(rowCount)],
      [
        4,
        list([
          struct(
            [1, list([struct([2, i64(pageOffset)], [3, column])])],
            [2, i64(chunkBytes)],
            [3, i64(rowCount)],
          ),
        ]),
      ],
      [5, list([keyValue('dipper.type', field.type), keyValue('dipper.dim', field.dim)])],
      [6, text('dipper')],
    ),
  );
}

function keyValue(key: string, value: number): ReturnType<typeof struct> {
  return struct([1, text(key)], [2, text(String(value))]);
}

/** Where the rows are in a vector file, from its footer alone. */
export interface VectorParquetLayout {
  readonly fieldId: number;
  readonly rowBytes: number;
  readonly rowCount: number;
  readonly dataOffsetBytes: number;
}

/** Reads a vector file's footer; for repair and tools, the manifest has the same facts. */
export async function readVectorParquetLayout(
  disk: Disk,
  path: string,
): Promise<VectorParquetLayout> {
  const file = await disk.open(path, { create: false });
  try {
    const sizeBytes = await file.sizeBytes();
    const end = await file.read(Math.max(0, sizeBytes - 8), 8);
    check(sizeBytes >= 16 && sameText(end.subarray(4), parquetMagic), path, 'no Parquet file');
    const footerBytes = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
    check(footerBytes + 12 <= sizeBytes, path, 'a footer beyond its bytes');
    const footer = decodeThrift(await file.read(sizeBytes - 8 - footerBytes, footerBytes)).value;
    const column = elementOf(footer, 2, 1, path);
    const chunk = elementOf(elementOf(footer, 4, 0, path), 1, 0, path);
    const meta = structOf(chunk.get(3), path);
    const pageOffset = numberOf(meta.get(9), path);
    const page = decodeThrift(await file.read(pageOffset, vectorDataOffsetBytes));
    return {
      fieldId: numberOf(column.get(9), path),
      rowBytes: numberOf(column.get(2), path),
      rowCount: numberOf(footer.get(3), path),
      dataOffsetBytes: pageOffset + page.sizeBytes,
    };
  } finally {
    await file.close();
  }
}

function elementOf(
  parent: ThriftStruct,
  fieldId: number,
  index: number,
  path: string,
): ThriftStruct {
  const values = parent.get(fieldId);
  check(Array.isArray(values), path, 'a footer without its lists');
  return structOf((values as readonly ThriftRead[])[index], path);
}

function structOf(value: ThriftRead | undefined, path: string): ThriftStruct {
  if (value instanceof Map) return value;
  throw broken(path, 'a footer without its structs');
}

function numberOf(value: ThriftRead | undefined, path: string): number {
  if (typeof value === 'number') return value;
  throw broken(path, 'a footer without its numbers');
}

function check(condition: boolean, path: string, what: string): void {
  if (!condition) throw broken(path, what);
}

function broken(path: string, what: string): DbError {
  return new DbError({ code: 'corrupt', message: `vector file ${path}: ${what}` });
}

function sameText(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
