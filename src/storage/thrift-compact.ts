// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// As much of Thrift's compact protocol as a Parquet footer takes: structs of integers, text, lists
// and structs. Reading gives plain values by field id; what a struct means is its caller's affair.

import { at, DbError } from '../core/index.ts';

/** A value with its wire type; structs are lists of [field id, value]. */
export type ThriftValue =
  | { readonly type: 'i32' | 'i64'; readonly value: number }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'list'; readonly value: readonly ThriftValue[] }
  | { readonly type: 'struct'; readonly value: readonly ThriftField[] };
export type ThriftField = readonly [fieldId: number, value: ThriftValue];

export const i32 = (value: number): ThriftValue => ({ type: 'i32', value });
export const i64 = (value: number): ThriftValue => ({ type: 'i64', value });
export const text = (value: string): ThriftValue => ({ type: 'text', value });
export const list = (value: readonly ThriftValue[]): ThriftValue => ({ type: 'list', value });
export const struct = (...value: readonly ThriftField[]): ThriftValue => ({
  type: 'struct',
  value,
});

const wireTypes = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  text: 8,
  list: 9,
  set: 10,
  struct: 12,
};
/** Deeper or longer input than any footer of ours is damage. */
const depthMax = 16;

/** The bytes of a struct. */
export function encodeThrift(value: ThriftValue): Uint8Array {
  const bytes: number[] = [];
  writeValue(bytes, value);
  return Uint8Array.from(bytes);
}

function writeValue(bytes: number[], value: ThriftValue): void {
  switch (value.type) {
    case 'i32':
    case 'i64':
      writeVarint(bytes, zigzag(value.value));
      return;
    case 'text': {
      const utf8 = new TextEncoder().encode(value.value);
      writeVarint(bytes, BigInt(utf8.byteLength));
      for (const byte of utf8) bytes.push(byte);
      return;
    }
    case 'list': {
      const elementType = wireTypes[at(value.value, 0).type];
      const { length } = value.value;
      if (length < 15) bytes.push((length << 4) | elementType);
      else {
        bytes.push(0xf0 | elementType);
        writeVarint(bytes, BigInt(length));
      }
      for (const element of value.value) writeValue(bytes, element);
      return;
    }
    case 'struct': {
      let previous = 0;
      for (const [fieldId, field] of value.value) {
        bytes.push(((fieldId - previous) << 4) | wireTypes[field.type]);
        writeValue(bytes, field);
        previous = fieldId;
      }
      bytes.push(0);
    }
  }
}

function zigzag(value: number): bigint {
  const wide = BigInt(value);
  return wide < 0n ? -2n * wide - 1n : 2n * wide;
}

function writeVarint(bytes: number[], value: bigint): void {
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

export type ThriftRead = number | boolean | string | readonly ThriftRead[] | ThriftStruct;
/** A struct as read: values by field id. */
export type ThriftStruct = ReadonlyMap<number, ThriftRead>;

/** Reads one struct and says how many bytes it took; `corrupt` when it is none. */
export function decodeThrift(bytes: Uint8Array): {
  readonly value: ThriftStruct;
  readonly sizeBytes: number;
} {
  const reader = new ThriftReader(bytes);
  const value = reader.struct(0);
  return { value, sizeBytes: reader.offset };
}

class ThriftReader {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(depth: number): ThriftStruct {
    if (depth > depthMax) throw damaged('nested too deep');
    const fields = new Map<number, ThriftRead>();
    let fieldId = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      const step = head >> 4;
      fieldId = step === 0 ? this.#integer() : fieldId + step;
      fields.set(fieldId, this.#value(head & 15, depth));
    }
  }

  #value(type: number, depth: number): ThriftRead {
    switch (type) {
      case wireTypes.true:
      case wireTypes.false:
        return type === wireTypes.true;
      case wireTypes.byte:
        return this.#byte();
      case wireTypes.i16:
      case wireTypes.i32:
      case wireTypes.i64:
        return this.#integer();
      case wireTypes.text:
        return new TextDecoder().decode(this.#take(this.#length()));
      case wireTypes.list:
      case wireTypes.set:
        return this.#list(depth);
      case wireTypes.struct:
        return this.struct(depth + 1);
      default:
        throw damaged(`type ${type} is not read`);
    }
  }

  #list(depth: number): readonly ThriftRead[] {
    const head = this.#byte();
    const length = head >> 4 === 15 ? this.#length() : head >> 4;
    if (length > this.#bytes.byteLength) throw damaged('a list longer than its bytes');
    return Array.from({ length }, () => this.#value(head & 15, depth + 1));
  }

  #byte(): number {
    const byte = this.#bytes[this.offset++];
    if (byte === undefined) throw damaged('it ends too early');
    return byte;
  }

  #take(sizeBytes: number): Uint8Array {
    if (this.offset + sizeBytes > this.#bytes.byteLength) throw damaged('it ends too early');
    this.offset += sizeBytes;
    return this.#bytes.subarray(this.offset - sizeBytes, this.offset);
  }

  #length(): number {
    return Number(this.#varint());
  }

  #integer(): number {
    const raw = this.#varint();
    return Number(raw & 1n ? -(raw >> 1n) - 1n : raw >> 1n);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw damaged('a number of more than 64 bits');
  }
}

function damaged(what: string): DbError {
  return new DbError({ code: 'corrupt', message: `thrift: ${what}` });
}
