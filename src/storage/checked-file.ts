// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Immutable files with a size and a checksum that the manifest keeps. Large ones are written and
// read in pieces, so that neither a checksum nor a write holds up what else the loop has to do.

import type { NativeSource } from '../../native/index.ts';
import { DbError, type Disk } from '../core/index.ts';
import type { SegmentFile } from '../model/index.ts';
import { temporaryNameOf } from './atomic-file.ts';
import type { Crc32c } from './envelope.ts';

export interface CheckedFileDeps {
  readonly disk: Disk;
  readonly crc32c: Crc32c;
}

const pieceBytes = 4 * 1024 * 1024;

/** Writes buffers as one file, synced; its name is durable after the caller synced the folder. */
export async function putFile(
  deps: CheckedFileDeps,
  folder: string,
  name: string,
  buffers: readonly Uint8Array[],
): Promise<SegmentFile> {
  const path = `${folder}/${name}`;
  const temporary = temporaryNameOf(path);
  const file = await deps.disk.open(temporary, { create: true });
  let sizeBytes = 0;
  let crc32c = 0;
  try {
    await file.truncate(0);
    for (const piece of piecesOf(buffers)) {
      crc32c = deps.crc32c(piece, crc32c);
      await file.write(sizeBytes, [piece]);
      sizeBytes += piece.byteLength;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await deps.disk.rename(temporary, path);
  return { name, sizeBytes, crc32c };
}

function* piecesOf(buffers: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const buffer of buffers) {
    for (let offset = 0; offset < buffer.byteLength; offset += pieceBytes) {
      yield buffer.subarray(offset, offset + pieceBytes);
    }
  }
}

/** Reads a file piece by piece and compares it with what the manifest says; `corrupt` when it differs. */
export async function checksumOf(
  deps: CheckedFileDeps,
  folder: string,
  expected: SegmentFile,
): Promise<void> {
  const path = await checkSize(deps, folder, expected);
  const file = await deps.disk.open(path, { create: false });
  try {
    let crc32c = 0;
    for (let offset = 0; offset < expected.sizeBytes; offset += pieceBytes) {
      crc32c = deps.crc32c(await file.read(offset, pieceBytes), crc32c);
    }
    if (crc32c !== expected.crc32c) throw damaged(path, 'its checksum differs');
  } finally {
    await file.close();
  }
}

/** A whole file, checked. */
export async function readChecked(
  deps: CheckedFileDeps,
  folder: string,
  expected: SegmentFile,
): Promise<Uint8Array> {
  const path = `${folder}/${expected.name}`;
  const bytes = await deps.disk.readFile(path);
  if (bytes === null) throw damaged(path, 'it is missing');
  if (bytes.byteLength !== expected.sizeBytes) throw damaged(path, 'its size differs');
  if (deps.crc32c(bytes, 0) !== expected.crc32c) throw damaged(path, 'its checksum differs');
  return bytes;
}

/** A part of a file for native code: to be mapped where files have a path, else its bytes. */
export async function sourceOf(
  deps: CheckedFileDeps,
  folder: string,
  file: SegmentFile,
  offsetBytes: number,
  sizeBytes: number,
): Promise<NativeSource> {
  const path = await checkSize(deps, folder, file);
  const realPath = deps.disk.realPath(path);
  if (realPath !== null) return { path: realPath, offsetBytes, sizeBytes };
  const bytes = await readChecked(deps, folder, file);
  return { bytes: bytes.subarray(offsetBytes, offsetBytes + sizeBytes) };
}

/** The file's path, once it is there with its size. */
async function checkSize(
  deps: CheckedFileDeps,
  folder: string,
  expected: SegmentFile,
): Promise<string> {
  const path = `${folder}/${expected.name}`;
  if (!(await deps.disk.exists(path))) throw damaged(path, 'it is missing');
  const file = await deps.disk.open(path, { create: false });
  try {
    if ((await file.sizeBytes()) !== expected.sizeBytes) throw damaged(path, 'its size differs');
  } finally {
    await file.close();
  }
  return path;
}

function damaged(path: string, what: string): DbError {
  return new DbError({ code: 'corrupt', message: `segment file ${path} is damaged: ${what}` });
}
