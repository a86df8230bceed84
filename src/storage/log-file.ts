// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One file of the log: its name, and a header block that says which log it belongs to and where in
// the chain it begins. The header is durable before the first frame is written, and every frame of
// the file before it is durable before that, so a file's existence proves the whole of the last.
//
//     0 u32 magic 'DLOG'          4 u16 version 1      6 u16 zero
//     8 u32 CRC32C of the first 128 bytes with this field zero         12 u32 zero
//    16 16 bytes uuid of the file         32 16 bytes uuid of the log
//    48 u64 file number           56 u64 first sequence
//    64 u64 hash of the envelope before   72 u64 epoch when it was made
//    80.. zero to 4096

import { DbError, type Disk, type DiskFile } from '../core/index.ts';
import type { Crc32c } from './envelope.ts';

/** Frames begin here. */
export const logFileHeaderBytes = 4096;

export interface LogFileHeader {
  readonly fileUuid: Uint8Array;
  readonly logUuid: Uint8Array;
  readonly fileNumber: number;
  readonly firstSequence: number;
  readonly previousHash: bigint;
  readonly epoch: number;
}

const magic = 0x474f4c44; // 'DLOG'
const version = 1;
const checkedBytes = 128;
const usedBytes = 80;
const namePattern = /^(\d{10})\.dlog$/;

export function logFileName(fileNumber: number): string {
  return `${String(fileNumber).padStart(10, '0')}.dlog`;
}

/** Numbers of the log files in a folder, ascending. */
export async function listLogFiles(disk: Disk, folder: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await disk.list(folder)) {
    const digits = namePattern.exec(name)?.[1];
    if (digits !== undefined) numbers.push(Number(digits));
  }
  return numbers.sort((a, b) => a - b);
}

export function encodeLogFileHeader(header: LogFileHeader, crc32c: Crc32c): Uint8Array {
  const bytes = new Uint8Array(logFileHeaderBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  bytes.set(header.fileUuid, 16);
  bytes.set(header.logUuid, 32);
  view.setBigUint64(48, BigInt(header.fileNumber), true);
  view.setBigUint64(56, BigInt(header.firstSequence), true);
  view.setBigUint64(64, header.previousHash, true);
  view.setBigUint64(72, BigInt(header.epoch), true);
  view.setUint32(8, crc32c(bytes.subarray(0, checkedBytes), 0), true);
  return bytes;
}

/** The header, or null when the block is none that is whole. */
export function decodeLogFileHeader(block: Uint8Array, crc32c: Crc32c): LogFileHeader | null {
  if (block.byteLength < logFileHeaderBytes) return null;
  const checked = block.slice(0, checkedBytes);
  const view = new DataView(checked.buffer);
  if (view.getUint32(0, true) !== magic) return null;
  const expected = view.getUint32(8, true);
  view.setUint32(8, 0, true);
  if (crc32c(checked, 0) !== expected) return null;
  const found = view.getUint16(4, true);
  const reserved = view.getUint16(6, true) !== 0 || view.getUint32(12, true) !== 0;
  if (found !== version || reserved || checked.subarray(usedBytes).some((byte) => byte !== 0)) {
    throw new DbError({
      code: 'format-version',
      message: `log file of an unknown version ${found}`,
    });
  }
  return {
    fileUuid: checked.slice(16, 32),
    logUuid: checked.slice(32, 48),
    fileNumber: Number(view.getBigUint64(48, true)),
    firstSequence: Number(view.getBigUint64(56, true)),
    previousHash: view.getBigUint64(64, true),
    epoch: Number(view.getBigUint64(72, true)),
  };
}

/**
 * Creates a file with its header and zeros ahead of the first frame, durable with its name. What a
 * failed try left under the name is overwritten.
 */
export async function createLogFile(
  disk: Disk,
  folder: string,
  header: LogFileHeader,
  zeroAheadBytes: number,
  crc32c: Crc32c,
): Promise<DiskFile> {
  const file = await disk.open(`${folder}/${logFileName(header.fileNumber)}`, { create: true });
  try {
    await file.truncate(0);
    await file.write(0, [encodeLogFileHeader(header, crc32c), new Uint8Array(zeroAheadBytes)]);
    await file.sync();
    await disk.syncFolder(folder);
    return file;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}
