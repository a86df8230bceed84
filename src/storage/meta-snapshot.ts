// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The snapshot file of a meta log: the state after some record, as JSON behind a checked header.
// It is replaced by rename, so one that fails its checks was damaged, not half written.
//
//    0 u32 magic 'DSNP'     4 u32 version 1
//    8 u32 CRC32C of header (this field zero) and body     12 u32 zero
//   16 u64 body bytes      24 u64 log sequence of the last record in it
//   32 u64 records folded into it                          40.. zero to 64
//   64 JSON, UTF-8

import { DbError, type Disk } from '../core/index.ts';
import { replaceFile } from './atomic-file.ts';
import type { Crc32c } from './envelope.ts';
import { fromMetaJson, toMetaJson } from './meta-log.ts';

export interface MetaSnapshot {
  readonly sequence: number;
  readonly version: number;
  readonly json: unknown;
}

const fileName = 'snapshot.dsnp';
const magic = 0x504e5344; // 'DSNP'
const formatVersion = 1;
const headerBytes = 64;
const usedBytes = 40;

export async function writeMetaSnapshot(
  disk: Disk,
  crc32c: Crc32c,
  folder: string,
  snapshot: MetaSnapshot,
): Promise<void> {
  const body = new TextEncoder().encode(toMetaJson(snapshot.json));
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, formatVersion, true);
  view.setBigUint64(16, BigInt(body.byteLength), true);
  view.setBigUint64(24, BigInt(snapshot.sequence), true);
  view.setBigUint64(32, BigInt(snapshot.version), true);
  view.setUint32(8, crc32c(body, crc32c(header, 0)), true);
  await replaceFile(disk, folder, fileName, [header, body]);
}

/** The snapshot, or null when there is none yet. */
export async function readMetaSnapshot(
  disk: Disk,
  crc32c: Crc32c,
  folder: string,
): Promise<MetaSnapshot | null> {
  const path = `${folder}/${fileName}`;
  const bytes = await disk.readFile(path);
  if (bytes === null) return null;
  const damaged = new DbError({ code: 'corrupt', message: `snapshot ${path} is damaged` });
  if (bytes.byteLength < headerBytes) throw damaged;
  const header = bytes.slice(0, headerBytes);
  const body = bytes.subarray(headerBytes);
  const view = new DataView(header.buffer);
  const expected = view.getUint32(8, true);
  view.setUint32(8, 0, true);
  const whole = view.getUint32(0, true) === magic && crc32c(body, crc32c(header, 0)) === expected;
  if (!whole || Number(view.getBigUint64(16, true)) !== body.byteLength) throw damaged;
  const reserved =
    view.getUint32(12, true) !== 0 || header.subarray(usedBytes).some((byte) => byte !== 0);
  if (view.getUint32(4, true) !== formatVersion || reserved) {
    throw new DbError({
      code: 'format-version',
      message: `snapshot ${path} is of a newer version`,
    });
  }
  return {
    sequence: Number(view.getBigUint64(24, true)),
    version: Number(view.getBigUint64(32, true)),
    json: fromMetaJson(new TextDecoder().decode(body)),
  };
}
