// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Reads protobuf's wire format from a byte range: tags, varints, fixed numbers, byte ranges. It
// copies nothing (bytes are views on the request) and trusts nothing: every read is checked against
// the end, a wrong wire type or an overlong varint is `request-malformed`. Both codecs sit on it,
// the generic one (message.ts) and the hand-written ones for Search, Query, Insert and Delete.

import { DbError } from '../../../core/index.ts';

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
export type WireType = (typeof wireTypes)[keyof typeof wireTypes];

/** Nesting that a request may have; deeper ones are refused before they can exhaust the stack. */
export const messageDepthMax = 64;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #position: number;
  #fieldId = 0;
  #wireType = 0;
  // Halves of the varint read last: int64 without a bigint until someone asks for one.
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#end = end;
  }

  /** Reads the next tag and answers its field number; 0 at the end of the message. */
  next(): number {
    if (this.#position === this.#end) return 0;
    const tag = this.#varint();
    this.#fieldId = tag >>> 3;
    this.#wireType = tag & 7;
    if (this.#fieldId === 0 || this.#high !== 0)
      throw malformed('a tag with field number 0 or above 2^29');
    return this.#fieldId;
  }

  get wireType(): number {
    return this.#wireType;
  }

  get done(): boolean {
    return this.#position === this.#end;
  }

  /** Jumps over the value whose tag was read last. */
  skip(): void {
    switch (this.#wireType) {
      case wireTypes.varint:
        this.#varint();
        return;
      case wireTypes.fixed64:
        this.#take(8);
        return;
      case wireTypes.bytes:
        this.#take(this.#length());
        return;
      case wireTypes.fixed32:
        this.#take(4);
        return;
      default:
        throw malformed(`field ${this.#fieldId} has wire type ${this.#wireType}`);
    }
  }

  int32(): number {
    this.#expect(wireTypes.varint);
    return this.#varint() | 0;
  }

  uint32(): number {
    this.#expect(wireTypes.varint);
    return this.#varint();
  }

  bool(): boolean {
    this.#expect(wireTypes.varint);
    return this.#varint() !== 0 || this.#high !== 0;
  }

  int64(): bigint {
    this.#expect(wireTypes.varint);
    this.#varint();
    return signed64(this.#low, this.#high);
  }

  uint64(): bigint {
    this.#expect(wireTypes.varint);
    this.#varint();
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  float(): number {
    this.#expect(wireTypes.fixed32);
    return this.#bytes.readFloatLE(this.#take(4));
  }

  double(): number {
    this.#expect(wireTypes.fixed64);
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  /** A view on the bytes of the value, not a copy. */
  bytes(): Uint8Array {
    this.#expect(wireTypes.bytes);
    const length = this.#length();
    const start = this.#take(length);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  text(): string {
    this.#expect(wireTypes.bytes);
    const length = this.#length();
    const start = this.#take(length);
    const end = start + length;
    for (let i = start; i < end; i++) {
      if ((this.#bytes[i] ?? 0) >= 0x80) return this.#wideText(start, end);
    }
    return this.#bytes.toString('latin1', start, end);
  }

  /** A reader of the nested message whose tag was read last. */
  message(): WireReader {
    this.#expect(wireTypes.bytes);
    const length = this.#length();
    const start = this.#take(length);
    return new WireReader(this.#bytes, start, start + length);
  }

  /**
   * Calls read once for each element of a repeated number, which may come packed or one by one;
   * read gets the reader to take its element from.
   */
  eachNumber(elementType: WireType, read: (reader: WireReader) => void): void {
    if (this.#wireType !== wireTypes.bytes) {
      read(this);
      return;
    }
    const packed = this.message();
    packed.#fieldId = this.#fieldId;
    packed.#wireType = elementType;
    while (!packed.done) read(packed);
  }

  #wideText(start: number, end: number): string {
    try {
      return strictUtf8.decode(this.#bytes.subarray(start, end));
    } catch (thrown) {
      throw new DbError({
        code: 'request-malformed',
        message: `request malformed: field ${this.#fieldId} is not UTF-8`,
        cause: thrown,
      });
    }
  }

  #expect(wireType: WireType): void {
    if (this.#wireType !== wireType) {
      throw malformed(
        `field ${this.#fieldId}: expected wire type ${wireType}, received ${this.#wireType}`,
      );
    }
  }

  #take(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) {
      throw malformed(
        `field ${this.#fieldId}: expected ${length} bytes, received ${this.#end - start}`,
      );
    }
    this.#position = start + length;
    return start;
  }

  #length(): number {
    const low = this.#varint();
    return this.#high === 0 ? low : Number.MAX_SAFE_INTEGER;
  }

  /** Leaves 64 bits in low and high; answers the low 32. */
  #varint(): number {
    const bytes = this.#bytes;
    let position = this.#position;
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (position >= this.#end || shift > 63) {
        throw malformed(`field ${this.#fieldId}: a varint without an end`);
      }
      byte = bytes[position++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
    }
    this.#position = position;
    this.#low = low >>> 0;
    this.#high = high >>> 0;
    return this.#low;
  }
}

function signed64(low: number, high: number): bigint {
  if (high === 0) return BigInt(low);
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

/** The error of a request that is not the message it should be. */
export function malformed(what: string): DbError {
  return new DbError({ code: 'request-malformed', message: `request malformed: ${what}` });
}
