// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// base.rows: a segment's base rows as the RowBatch that queries map, so that loading decodes no
// Parquet. A cache: the trailer says whole and of which base.parquet; anything else is made again.
//
//   RowBatch, then 64 bytes
//     0 u32 magic 'DROW'     4 u32 version 1
//     8 u32 CRC32C of the RowBatch     12 u32 CRC32C of base.parquet
//    16 u64 RowBatch bytes             24.. zero

import type { NativeSource } from '../../native/index.ts';
import type { DiskFile } from '../core/index.ts';
import type { CheckedFileDeps } from './checked-file.ts';
import type { Crc32c } from './envelope.ts';

const magic = 0x574f5244; // 'DROW'
const version = 1;
const trailerBytes = 64;
const pieceBytes = 4 * 1024 * 1024;

/** What the file consists of. */
export function baseRowsBuffers(
  crc32c: Crc32c,
  rows: Uint8Array,
  parquetCrc32c: number,
): readonly Uint8Array[] {
  const trailer = new Uint8Array(trailerBytes);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  view.setUint32(8, crc32c(rows, 0), true);
  view.setUint32(12, parquetCrc32c, true);
  view.setBigUint64(16, BigInt(rows.byteLength), true);
  return [rows, trailer];
}

/** The rows for native code, or null when the cache is missing, damaged or of another file. */
export async function readBaseRows(
  deps: CheckedFileDeps,
  path: string,
  parquetCrc32c: number,
): Promise<NativeSource | null> {
  if (!(await deps.disk.exists(path))) return null;
  const file = await deps.disk.open(path, { create: false });
  try {
    const rowsBytes = (await file.sizeBytes()) - trailerBytes;
    if (rowsBytes < 0) return null;
    const trailer = await file.read(rowsBytes, trailerBytes);
    const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
    const known = view.getUint32(0, true) === magic && view.getUint32(4, true) === version;
    const belongs = view.getUint32(12, true) === parquetCrc32c;
    if (!known || !belongs || Number(view.getBigUint64(16, true)) !== rowsBytes) return null;
    if ((await checksum(deps.crc32c, file, rowsBytes)) !== view.getUint32(8, true)) return null;
    const realPath = deps.disk.realPath(path);
    if (realPath !== null) return { path: realPath, offsetBytes: 0, sizeBytes: rowsBytes };
    return { bytes: await file.read(0, rowsBytes) };
  } finally {
    await file.close();
  }
}

async function checksum(crc32c: Crc32c, file: DiskFile, sizeBytes: number): Promise<number> {
  let sum = 0;
  for (let offset = 0; offset < sizeBytes; offset += pieceBytes) {
    sum = crc32c(await file.read(offset, Math.min(pieceBytes, sizeBytes - offset)), sum);
  }
  return sum;
}
