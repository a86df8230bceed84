// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The body of a write envelope: a list of sections, deletes first, each one RowBatch of one
// partition, without timestamps (the stamp is in the envelope's header). A delete section carries
// the primary keys only.
//
//   0 u32 magic 'DLB1'   4 u32 section count   8.. zero to 64
//   then for each section a 64-byte head
//     0 u8 kind (1 insert, 2 delete)   4 u32 row count   8 u64 partition id
//    16 u64 batch bytes                24.. zero
//   followed by its RowBatch (a multiple of 64 bytes).

import { DbError } from '../core/index.ts';
import { encodeRowBatchInto, type RowBatch, rowBatchBytes } from './row-batch.ts';

const magic = 0x31424c44; // 'DLB1'
const headBytes = 64;

export const sectionKinds = { insert: 1, delete: 2 } as const;
export type SectionKind = (typeof sectionKinds)[keyof typeof sectionKinds];

export interface LogSection {
  readonly kind: SectionKind;
  readonly partitionId: number;
  readonly batch: RowBatch;
}

/** A section found in a body: where its RowBatch lies. */
export interface LogSectionView {
  readonly kind: SectionKind;
  readonly partitionId: number;
  readonly rowCount: number;
  readonly bytes: Uint8Array;
}

/**
 * Encodes sections into a new SharedArrayBuffer with headRoomBytes (a multiple of 64) free in
 * front for the envelope's header; the returned view covers the head room too.
 */
export function encodeLogBody(sections: readonly LogSection[], headRoomBytes: number): Uint8Array {
  const sizes = sections.map((section) => rowBatchBytes(section.batch));
  const total = headBytes + sizes.reduce((sum, size) => sum + headBytes + size, 0);
  const target = new Uint8Array(new SharedArrayBuffer(headRoomBytes + total));
  const view = new DataView(target.buffer);
  view.setUint32(headRoomBytes, magic, true);
  view.setUint32(headRoomBytes + 4, sections.length, true);
  let next = headRoomBytes + headBytes;
  sections.forEach((section, i) => {
    const size = sizes[i] ?? 0;
    view.setUint8(next, section.kind);
    view.setUint32(next + 4, section.batch.rowCount, true);
    view.setBigUint64(next + 8, BigInt(section.partitionId), true);
    view.setBigUint64(next + 16, BigInt(size), true);
    encodeRowBatchInto(section.batch, target.subarray(next + headBytes));
    next += headBytes + size;
  });
  return target;
}

/** Walks a body; throws `corrupt` when it is not one. */
export function decodeLogBody(body: Uint8Array): LogSectionView[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body.byteLength < headBytes || view.getUint32(0, true) !== magic) {
    throw new DbError({ code: 'corrupt', message: 'log body: bad magic' });
  }
  const sections: LogSectionView[] = [];
  let next = headBytes;
  for (let i = view.getUint32(4, true); i > 0; i--) {
    const fits = next + headBytes <= body.byteLength;
    const size = fits ? Number(view.getBigUint64(next + 16, true)) : 0;
    const kind = fits ? view.getUint8(next) : 0;
    if (!fits || next + headBytes + size > body.byteLength || (kind !== 1 && kind !== 2)) {
      throw new DbError({ code: 'corrupt', message: 'log body: section beyond its bytes' });
    }
    sections.push({
      kind,
      partitionId: Number(view.getBigUint64(next + 8, true)),
      rowCount: view.getUint32(next + 4, true),
      bytes: body.subarray(next + headBytes, next + headBytes + size),
    });
    next += headBytes + size;
  }
  return sections;
}
