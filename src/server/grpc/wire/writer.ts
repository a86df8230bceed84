// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Writes protobuf's wire format front to back into one growing buffer. A nested message's length is
// known only at its end: open() reserves the length's bytes by an estimate, close() writes it and
// moves the content when the estimate was off by a byte. Large columns give exact estimates, so
// their bytes are copied once, from the RowBatch into the reply.

import { assert, DbError } from '../../../core/index.ts';
import { replySizeBytesMax } from '../../../core/limits.ts';
import { type WireType, wireTypes } from './reader.ts';

const firstSizeBytes = 512;
/** Below it a loop is cheaper than making a view. */
const loopedCopyBytesMax = 48;

export class WireWriter {
  #buffer: Buffer;
  #view: DataView;
  #position = 0;
  // Start of content and bytes reserved for the length, of every open message.
  readonly #open: number[] = [];

  constructor(sizeHintBytes: number = firstSizeBytes) {
    this.#buffer = Buffer.allocUnsafeSlow(sizeHintBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** The bytes written; a view, valid while the writer is not used again. */
  finish(): Buffer {
    assert(this.#open.length === 0, 'every opened message is closed');
    return this.#buffer.subarray(0, this.#position);
  }

  open(fieldId: number, expectedBytes = 0): void {
    this.#tag(fieldId, wireTypes.bytes);
    const width = varintBytes(expectedBytes);
    this.#reserve(width);
    this.#position += width;
    this.#open.push(this.#position, width);
  }

  close(): void {
    const width = this.#open.pop() ?? 0;
    const start = this.#open.pop() ?? -1;
    assert(start >= 0, 'a message is open');
    const length = this.#position - start;
    const needed = varintBytes(length);
    if (needed !== width) {
      this.#reserve(needed);
      this.#buffer.copyWithin(start - width + needed, start, this.#position);
    }
    this.#position = start - width;
    this.#varint32(length);
    this.#position += length;
  }

  int32(fieldId: number, value: number): void {
    this.#tag(fieldId, wireTypes.varint);
    this.packedInt32(value);
  }

  uint32(fieldId: number, value: number): void {
    this.#tag(fieldId, wireTypes.varint);
    this.#reserve(5);
    this.#varint32(value >>> 0);
  }

  bool(fieldId: number, value: boolean): void {
    this.uint32(fieldId, value ? 1 : 0);
  }

  /** int64 and uint64 alike: the low 64 bits. */
  int64(fieldId: number, value: bigint): void {
    this.#tag(fieldId, wireTypes.varint);
    this.packedInt64(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));
  }

  /** An int64 that a number holds exactly. */
  safeInteger(fieldId: number, value: number): void {
    this.#tag(fieldId, wireTypes.varint);
    this.packedInt64(value >>> 0, Math.floor(value / 2 ** 32) >>> 0);
  }

  float(fieldId: number, value: number): void {
    this.#tag(fieldId, wireTypes.fixed32);
    this.#reserve(4);
    this.#view.setFloat32(this.#position, value, true);
    this.#position += 4;
  }

  double(fieldId: number, value: number): void {
    this.#tag(fieldId, wireTypes.fixed64);
    this.packedDouble(value);
  }

  bytes(fieldId: number, value: Uint8Array): void {
    this.#tag(fieldId, wireTypes.bytes);
    this.#reserve(5 + value.length);
    this.#varint32(value.length);
    this.raw(value);
  }

  /** A part of source; short ones without a view for each. */
  slice(fieldId: number, source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#tag(fieldId, wireTypes.bytes);
    this.#reserve(5 + length);
    this.#varint32(length);
    if (length > loopedCopyBytesMax) this.#buffer.set(source.subarray(start, end), this.#position);
    else for (let i = 0; i < length; i++) this.#buffer[this.#position + i] = source[start + i] ?? 0;
    this.#position += length;
  }

  text(fieldId: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#tag(fieldId, wireTypes.bytes);
    this.#reserve(5 + length);
    this.#varint32(length);
    this.#buffer.write(value, this.#position, length, 'utf8');
    this.#position += length;
  }

  /** Bytes as they are, inside an open message: packed numbers, an encoded message's content. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#position);
    this.#position += value.length;
  }

  /** An element of an open packed int32 list; negative numbers take ten bytes, as protobuf says. */
  packedInt32(value: number): void {
    this.packedInt64(value >>> 0, value < 0 ? 0xffff_ffff : 0);
  }

  /** An element of an open packed int64 list, given as its two halves. */
  packedInt64(low: number, high: number): void {
    this.#reserve(10);
    if (high === 0) {
      this.#varint32(low);
      return;
    }
    const buffer = this.#buffer;
    let restLow = low;
    let restHigh = high;
    while (restHigh !== 0 || restLow > 0x7f) {
      buffer[this.#position++] = (restLow & 0x7f) | 0x80;
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    buffer[this.#position++] = restLow;
  }

  packedDouble(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#position, value, true);
    this.#position += 8;
  }

  #tag(fieldId: number, wireType: WireType): void {
    this.#reserve(5);
    this.#varint32(((fieldId << 3) | wireType) >>> 0);
  }

  // The caller reserved the room.
  #varint32(value: number): void {
    const buffer = this.#buffer;
    let rest = value;
    while (rest > 0x7f) {
      buffer[this.#position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[this.#position++] = rest;
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#position + sizeBytes;
    if (needed <= this.#buffer.length) return;
    if (needed > replySizeBytesMax) {
      throw new DbError({
        code: 'result-too-large',
        message: `the reply is larger than ${replySizeBytesMax} bytes: ask for fewer rows or fields`,
      });
    }
    const grown = Buffer.allocUnsafeSlow(
      Math.min(Math.max(needed, 2 * this.#buffer.length), replySizeBytesMax),
    );
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Bytes of a length below 2^31 as a varint. */
function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
