// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The envelope: what the log is made of. One request's rows for one shard (or one change of
// metadata) behind a header of 256 bytes that says where it stands and proves that it is whole.
// docs/formats.md is its page, the golden bytes in envelope.test.ts hold the code to it.
//
// Little-endian; frames begin at multiples of 64 and a body is a multiple of 64.
//
//     0 u32 magic 'DENV'          4 u16 version 1      6 u8 kind        7 u8 zero
//     8 u32 CRC32C of the header with this field zero
//    12 u32 CRC32C of the body
//    16 u64 body bytes
//    24 16 bytes uuid of the log file
//    40 u64 sequence             48 u64 syncedSequence: durable when this was written
//    56 u64 previous hash        64 u64 epoch
//    72 u32 shard id             76 u32 schema version
//    80 u64 collection id        88 u32 row count      92 u32 zero
//    96 u64 first timestamp     104 u64 last timestamp
//   112 u64 transaction id      120 16 bytes idempotency key
//   136 u64 source id           144 u64 first source offset   152 u64 last source offset
//   160.. zero to 256
//
// The hash of an envelope is its two checksums (header low, body high); the header holds the hash
// of the one before, so the chain covers every byte of the log.

import { assert, DbError } from '../core/index.ts';
import { envelopeBodyBytesMax } from '../core/limits.ts';

/** CRC32C with a seed: the checksum of what went before, 0 = nothing. */
export type Crc32c = (bytes: Uint8Array, seed: number) => number;

/** Free bytes that a draft's buffer has in front of its body; the header is written there. */
export const envelopeHeadRoomBytes = 256;
/** Frames begin at multiples of this, so that a scan finds them again behind damage. */
export const frameAlignmentBytes = 64;

export const envelopeKinds = { write: 1, ddl: 2, commit: 3, epoch: 4 } as const;
export type EnvelopeKind = (typeof envelopeKinds)[keyof typeof envelopeKinds];

/** What a writer says of an envelope; zero, null and 0n stand for unused. */
export interface EnvelopeFields {
  readonly kind: EnvelopeKind;
  readonly shardId: number;
  readonly collectionId: number;
  readonly schemaVersion: number;
  readonly rowCount: number;
  readonly firstTimestamp: bigint;
  readonly lastTimestamp: bigint;
  readonly transactionId: bigint;
  /** 16 bytes, or null. */
  readonly idempotencyKey: Uint8Array | null;
  readonly sourceId: bigint;
  readonly firstSourceOffset: bigint;
  readonly lastSourceOffset: bigint;
}

/** An envelope to append. */
export interface EnvelopeDraft extends EnvelopeFields {
  /** Head room, then the body (a multiple of 64, at most envelopeBodyBytesMax). */
  readonly buffer: Uint8Array;
}

/** Where an envelope stands in its log; the log decides these. */
export interface EnvelopePosition {
  readonly fileUuid: Uint8Array;
  readonly sequence: number;
  readonly syncedSequence: number;
  readonly previousHash: bigint;
  readonly epoch: number;
}

export interface EnvelopeHeader extends EnvelopeFields, EnvelopePosition {
  readonly bodySizeBytes: number;
  readonly bodyCrc32c: number;
  /** What the next envelope names as its previous hash. */
  readonly hash: bigint;
}

export interface Envelope extends EnvelopeHeader {
  readonly body: Uint8Array;
}

const magic = 0x564e4544; // 'DENV'
const version = 1;
const usedBytes = 160;
const headerCrcOffset = 8;
const kindMax = envelopeKinds.epoch;

/** Bytes of the frame whose header this is. */
export function frameBytes(header: EnvelopeHeader): number {
  return envelopeHeadRoomBytes + header.bodySizeBytes;
}

/** Fields of an envelope that carries nothing but its kind; spread and overwrite. */
export const emptyEnvelopeFields: EnvelopeFields = {
  kind: envelopeKinds.write,
  shardId: 0,
  collectionId: 0,
  schemaVersion: 0,
  rowCount: 0,
  firstTimestamp: 0n,
  lastTimestamp: 0n,
  transactionId: 0n,
  idempotencyKey: null,
  sourceId: 0n,
  firstSourceOffset: 0n,
  lastSourceOffset: 0n,
};

/** A draft's buffer for a small JSON body: head room, text, spaces to a multiple of 64. */
export function jsonEnvelopeBuffer(text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  const padded = Math.ceil(body.byteLength / frameAlignmentBytes) * frameAlignmentBytes;
  const buffer = new Uint8Array(envelopeHeadRoomBytes + padded);
  buffer.fill(0x20, envelopeHeadRoomBytes);
  buffer.set(body, envelopeHeadRoomBytes);
  return buffer;
}

/** Writes the header into the draft's head room; the body is only read. Returns the hash. */
export function sealEnvelope(
  draft: EnvelopeDraft,
  position: EnvelopePosition,
  crc32c: Crc32c,
): bigint {
  const { buffer } = draft;
  const bodySizeBytes = buffer.byteLength - envelopeHeadRoomBytes;
  assert(
    bodySizeBytes >= 0 && bodySizeBytes % frameAlignmentBytes === 0,
    'a body is a multiple of 64',
  );
  assert(bodySizeBytes <= envelopeBodyBytesMax, 'a body is within its limit');
  assert(
    position.syncedSequence < position.sequence,
    'an envelope is not durable before it is written',
  );
  const header = buffer.subarray(0, envelopeHeadRoomBytes);
  const view = viewOf(header);
  const bodyCrc32c = crc32c(buffer.subarray(envelopeHeadRoomBytes), 0);
  header.fill(0);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint8(6, draft.kind);
  view.setUint32(12, bodyCrc32c, true);
  view.setBigUint64(16, BigInt(bodySizeBytes), true);
  header.set(position.fileUuid, 24);
  view.setBigUint64(40, BigInt(position.sequence), true);
  view.setBigUint64(48, BigInt(position.syncedSequence), true);
  view.setBigUint64(56, position.previousHash, true);
  view.setBigUint64(64, BigInt(position.epoch), true);
  view.setUint32(72, draft.shardId, true);
  view.setUint32(76, draft.schemaVersion, true);
  view.setBigUint64(80, BigInt(draft.collectionId), true);
  view.setUint32(88, draft.rowCount, true);
  view.setBigUint64(96, draft.firstTimestamp, true);
  view.setBigUint64(104, draft.lastTimestamp, true);
  view.setBigUint64(112, draft.transactionId, true);
  if (draft.idempotencyKey !== null) {
    assert(draft.idempotencyKey.byteLength === 16, 'an idempotency key has 16 bytes');
    header.set(draft.idempotencyKey, 120);
  }
  view.setBigUint64(136, draft.sourceId, true);
  view.setBigUint64(144, draft.firstSourceOffset, true);
  view.setBigUint64(152, draft.lastSourceOffset, true);
  const headerCrc32c = crc32c(header, 0);
  view.setUint32(headerCrcOffset, headerCrc32c, true);
  return hashOf(headerCrc32c, bodyCrc32c);
}

/**
 * The header at the start of bytes, or null when there is none that is whole. One that is whole
 * but says what this version does not know is refused with `format-version`: cutting the log
 * there would lose what a newer version wrote.
 */
export function readEnvelopeHeader(bytes: Uint8Array, crc32c: Crc32c): EnvelopeHeader | null {
  if (bytes.byteLength < envelopeHeadRoomBytes) return null;
  const view = viewOf(bytes.subarray(0, envelopeHeadRoomBytes));
  if (view.getUint32(0, true) !== magic) return null;
  const headerCrc32c = view.getUint32(headerCrcOffset, true);
  if (headerChecksum(bytes, crc32c) !== headerCrc32c) return null;
  const kind = view.getUint8(6);
  const bodySizeBytes = Number(view.getBigUint64(16, true));
  refuseUnknown(view, kind, bodySizeBytes);
  const bodyCrc32c = view.getUint32(12, true);
  const hasKey = view.getBigUint64(120, true) !== 0n || view.getBigUint64(128, true) !== 0n;
  return {
    kind: kind as EnvelopeKind,
    bodySizeBytes,
    bodyCrc32c,
    fileUuid: bytes.slice(24, 40),
    sequence: Number(view.getBigUint64(40, true)),
    syncedSequence: Number(view.getBigUint64(48, true)),
    previousHash: view.getBigUint64(56, true),
    epoch: Number(view.getBigUint64(64, true)),
    shardId: view.getUint32(72, true),
    schemaVersion: view.getUint32(76, true),
    collectionId: Number(view.getBigUint64(80, true)),
    rowCount: view.getUint32(88, true),
    firstTimestamp: view.getBigUint64(96, true),
    lastTimestamp: view.getBigUint64(104, true),
    transactionId: view.getBigUint64(112, true),
    idempotencyKey: hasKey ? bytes.slice(120, 136) : null,
    sourceId: view.getBigUint64(136, true),
    firstSourceOffset: view.getBigUint64(144, true),
    lastSourceOffset: view.getBigUint64(152, true),
    hash: hashOf(headerCrc32c, bodyCrc32c),
  };
}

/** Is the body that follows this header whole? */
export function bodyIsWhole(header: EnvelopeHeader, body: Uint8Array, crc32c: Crc32c): boolean {
  return body.byteLength === header.bodySizeBytes && crc32c(body, 0) === header.bodyCrc32c;
}

const zeroCrc = new Uint8Array(4);

function headerChecksum(bytes: Uint8Array, crc32c: Crc32c): number {
  const before = crc32c(bytes.subarray(0, headerCrcOffset), 0);
  return crc32c(
    bytes.subarray(headerCrcOffset + 4, envelopeHeadRoomBytes),
    crc32c(zeroCrc, before),
  );
}

function refuseUnknown(view: DataView, kind: number, bodySizeBytes: number): void {
  const refuse = (what: string): never => {
    throw new DbError({
      code: 'format-version',
      message: `log envelope: ${what}; written by a newer version`,
    });
  };
  const found = view.getUint16(4, true);
  if (found !== version) refuse(`version ${found} is not known`);
  if (kind < envelopeKinds.write || kind > kindMax) refuse(`kind ${kind} is not known`);
  let reserved = view.getUint8(7) | view.getUint32(92, true);
  for (let i = usedBytes; i < envelopeHeadRoomBytes; i += 4) reserved |= view.getUint32(i, true);
  if (reserved !== 0) refuse('a reserved field is set');
  if (bodySizeBytes % frameAlignmentBytes !== 0 || bodySizeBytes > envelopeBodyBytesMax) {
    refuse(`a body of ${bodySizeBytes} bytes is not allowed`);
  }
}

function hashOf(headerCrc32c: number, bodyCrc32c: number): bigint {
  return (BigInt(bodyCrc32c) << 32n) | BigInt(headerCrc32c);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
