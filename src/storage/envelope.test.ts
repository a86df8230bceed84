// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The envelope's bytes: golden ones, every field back, and refusal of what is not known.

import { describe, expect, test } from 'vitest';
import { crc32c } from '../../test/sim/crc32c.ts';
import {
  bodyIsWhole,
  type EnvelopeDraft,
  type EnvelopePosition,
  emptyEnvelopeFields,
  envelopeHeadRoomBytes,
  envelopeKinds,
  jsonEnvelopeBuffer,
  readEnvelopeHeader,
  sealEnvelope,
} from './envelope.ts';

const position: EnvelopePosition = {
  fileUuid: Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i),
  sequence: 0x0102,
  syncedSequence: 0x0101,
  previousHash: 0x1122334455667788n,
  epoch: 3,
};

function draft(bodyBytes: number): EnvelopeDraft {
  const buffer = new Uint8Array(new SharedArrayBuffer(envelopeHeadRoomBytes + bodyBytes));
  buffer.fill(0x5a, envelopeHeadRoomBytes);
  return {
    kind: envelopeKinds.commit,
    shardId: 4,
    collectionId: 5_000_000_000,
    schemaVersion: 6,
    rowCount: 7,
    firstTimestamp: 8n << 40n,
    lastTimestamp: 9n << 40n,
    transactionId: 10n,
    idempotencyKey: Uint8Array.from({ length: 16 }, (_, i) => 0xb0 + i),
    sourceId: 11n,
    firstSourceOffset: 12n,
    lastSourceOffset: 13n,
    buffer,
  };
}

test('the checksum is CRC32C', () => {
  expect(crc32c(new TextEncoder().encode('123456789'), 0)).toBe(0xe3069283);
  const half = crc32c(new TextEncoder().encode('12345'), 0);
  expect(crc32c(new TextEncoder().encode('6789'), half)).toBe(0xe3069283);
});

test('golden bytes', () => {
  const { buffer, ...fields } = draft(64);
  sealEnvelope({ ...fields, buffer }, position, crc32c);
  const hex = Buffer.from(buffer.slice(0, 160)).toString('hex');
  expect(hex.match(/.{32}/g)).toEqual([
    '44454e56010003004acb1e8a60acc381',
    '4000000000000000a0a1a2a3a4a5a6a7',
    'a8a9aaabacadaeaf0201000000000000',
    '01010000000000008877665544332211',
    '03000000000000000400000006000000',
    '00f2052a010000000700000000000000',
    '00000000000800000000000000090000',
    '0a00000000000000b0b1b2b3b4b5b6b7',
    'b8b9babbbcbdbebf0b00000000000000',
    '0c000000000000000d00000000000000',
  ]);
  expect(buffer.subarray(160, 256).every((byte) => byte === 0)).toBe(true);
  expect(buffer.subarray(256).every((byte) => byte === 0x5a)).toBe(true);
});

test('every field comes back, and the hash is what the sealing said', () => {
  const written = draft(128);
  const hash = sealEnvelope(written, position, crc32c);
  const header = readEnvelopeHeader(written.buffer, crc32c);
  const { buffer, ...fields } = written;
  expect(header).toMatchObject({ ...fields, ...position, hash, bodySizeBytes: 128 });
  if (header === null) return;
  const body = buffer.subarray(envelopeHeadRoomBytes);
  expect(bodyIsWhole(header, body, crc32c)).toBe(true);
  body[100] = 1;
  expect(bodyIsWhole(header, body, crc32c)).toBe(false);
});

test('an idempotency key that was not given is null again', () => {
  const written = { ...draft(0), idempotencyKey: null };
  sealEnvelope(written, position, crc32c);
  expect(readEnvelopeHeader(written.buffer, crc32c)?.idempotencyKey).toBeNull();
});

test('a flip of any header bit is noticed', () => {
  const { buffer, ...fields } = draft(0);
  sealEnvelope({ ...fields, buffer }, position, crc32c);
  for (let bit = 0; bit < 8 * envelopeHeadRoomBytes; bit++) {
    const damaged = buffer.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(readEnvelopeHeader(damaged, crc32c), `bit ${bit}`).toBeNull();
  }
});

describe('what a newer version wrote is refused, not taken for damage', () => {
  /** Changes a sealed header and makes its checksum right again. */
  function forge(change: (header: DataView) => void): Uint8Array {
    const { buffer, ...fields } = draft(0);
    sealEnvelope({ ...fields, buffer }, position, crc32c);
    const view = new DataView(buffer.buffer);
    change(view);
    view.setUint32(8, 0, true);
    view.setUint32(8, crc32c(buffer.subarray(0, envelopeHeadRoomBytes), 0), true);
    return buffer;
  }

  test.each([
    ['version', (view: DataView) => view.setUint16(4, 2, true)],
    ['kind 0', (view: DataView) => view.setUint8(6, 0)],
    ['kind 5', (view: DataView) => view.setUint8(6, 5)],
    ['flags', (view: DataView) => view.setUint8(7, 1)],
    ['reserved word', (view: DataView) => view.setUint32(92, 1, true)],
    ['reserved tail', (view: DataView) => view.setUint8(255, 1)],
    ['odd body', (view: DataView) => view.setBigUint64(16, 65n, true)],
    ['huge body', (view: DataView) => view.setBigUint64(16, 1n << 40n, true)],
  ])('%s', (_name, change) => {
    expect(() => readEnvelopeHeader(forge(change), crc32c)).toThrow(/newer version/);
  });
});

test('a JSON body is padded with spaces', () => {
  const buffer = jsonEnvelopeBuffer('{"a":1}');
  expect(buffer.byteLength).toBe(envelopeHeadRoomBytes + 64);
  const body = new TextDecoder().decode(buffer.subarray(envelopeHeadRoomBytes));
  expect(JSON.parse(body)).toEqual({ a: 1 });
  expect(emptyEnvelopeFields.rowCount).toBe(0);
});
