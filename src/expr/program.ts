// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Writes a bound filter as the byte program that native/filter executes. The same page is in
// native/filter/program.h; a change on one side is a new version on both.
//
// Little-endian.
//   header, 64 bytes
//     0 u32 magic 'DFP1'   4 u16 version 1   6 u16 zero   8 u32 instruction count
//    12 u32 stack depth   16 u32 total bytes (a multiple of 64)
//    20 u32 start of constants (a multiple of 64)   24.. zero
//   instructions, 32 bytes each, in postfix order: operands first
//     0 u8 op (src/model/filter-op.ts)   1 u8 flags   2 u16 zero
//     4 u32 field id (column, jsonPath, isNull, exists; else 0)
//     8 u32 operand count (and, or; else 0)
//    12 u32 bytes of the constant
//    16 u64 the value itself (constBool 0/1, constInt, constDouble, truthConst 0/1)
//        or the constant's offset from the program's first byte, a multiple of 8
//    24.. zero
//   constants
//     constString, like   UTF-8
//     jsonPath, exists    u32 step count, then u32 length and UTF-8 for each step, unaligned
//     inSet               u32 ints, u32 doubles, u32 strings, u32 flags (1 true, 2 false);
//                         i64s ascending, f64s ascending, u32 string ends, UTF-8
//   flags of range: 1 lower bound inclusive, 2 upper bound inclusive; its operands are value,
//   lower, upper.
// Ops but and/or take a fixed number of operands; each leaves one result, the program a predicate.

import { assert } from '../core/index.ts';
import { type FilterOpName, filterOps } from '../model/index.ts';
import type { BoundPredicate, BoundValue, ValueSet } from './bound.ts';

const magic = 0x31504644; // 'DFP1'
const version = 1;
const headerBytes = 64;
const instructionBytes = 32;
const encoder = new TextEncoder();

/** Encodes a predicate; the result starts at a 64-byte boundary of its own buffer. */
export function encodeProgram(predicate: BoundPredicate): Uint8Array {
  const writer = new ProgramWriter();
  writer.predicate(predicate);
  return writer.finish();
}

interface InstructionParts {
  readonly flags?: number;
  readonly fieldId?: number;
  readonly operandCount?: number;
  readonly value?: bigint;
  readonly constant?: Uint8Array;
}

class ProgramWriter {
  #instructions = new DataView(new ArrayBuffer(32 * instructionBytes));
  #count = 0;
  #constants: { readonly bytes: Uint8Array; readonly at: number }[] = [];
  #constantBytes = 0;
  #stack = 0;
  #stackMax = 0;

  predicate(node: BoundPredicate): void {
    switch (node.kind) {
      case 'truth':
        return this.#emit('truthConst', 0, { value: node.truth ? 1n : 0n });
      case 'truthOf':
        this.#value(node.value);
        return this.#emit('truthOf', 1, {});
      case 'compare':
        this.#value(node.left);
        this.#value(node.right);
        return this.#emit(node.op, 2, {});
      case 'range':
        this.#value(node.value);
        this.#value(node.lower);
        this.#value(node.upper);
        return this.#emit('range', 3, {
          flags: (node.lowerInclusive ? 1 : 0) + (node.upperInclusive ? 2 : 0),
        });
      case 'in':
        this.#value(node.value);
        return this.#emit('inSet', 1, { constant: encodeSet(node.set) });
      case 'like':
        this.#value(node.value);
        return this.#emit('like', 1, { constant: encoder.encode(node.pattern) });
      case 'isNull':
        return this.#emit('isNull', 0, { fieldId: node.field.id });
      case 'exists':
        return this.#emit('exists', 0, { fieldId: node.field.id, constant: encodePath(node.path) });
      case 'and':
      case 'or':
        for (const term of node.terms) this.predicate(term);
        return this.#emit(node.kind, node.terms.length, { operandCount: node.terms.length });
      case 'not':
        this.predicate(node.term);
        return this.#emit('not', 1, {});
    }
  }

  finish(): Uint8Array {
    assert(this.#stack === 1, 'a program leaves one result');
    const constantsAt = alignUp(headerBytes + this.#count * instructionBytes, 64);
    const total = alignUp(constantsAt + this.#constantBytes, 64);
    const bytes = new Uint8Array(total);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, magic, true);
    view.setUint16(4, version, true);
    view.setUint32(8, this.#count, true);
    view.setUint32(12, this.#stackMax, true);
    view.setUint32(16, total, true);
    view.setUint32(20, constantsAt, true);
    bytes.set(
      new Uint8Array(this.#instructions.buffer, 0, this.#count * instructionBytes),
      headerBytes,
    );
    let next = constantsAt;
    for (const { bytes: constant, at } of this.#constants) {
      view.setBigUint64(at + 16, BigInt(next), true);
      bytes.set(constant, next);
      next += alignUp(constant.byteLength, 8);
    }
    return bytes;
  }

  #value(node: BoundValue): void {
    switch (node.kind) {
      case 'const':
        return this.#constant(node);
      case 'column':
        return this.#emit('column', 0, { fieldId: node.field.id });
      case 'path':
        return this.#emit('jsonPath', 0, {
          fieldId: node.field.id,
          constant: encodePath(node.path),
        });
      case 'arithmetic':
        this.#value(node.left);
        this.#value(node.right);
        this.#emit(node.op, 2, {});
        return this.#round(node);
      case 'negate':
        this.#value(node.operand);
        return this.#emit('negate', 1, {});
    }
  }

  #constant(node: BoundValue & { kind: 'const' }): void {
    switch (node.type) {
      case 'bool':
        return this.#emit('constBool', 0, { value: node.value ? 1n : 0n });
      case 'int':
        return this.#emit('constInt', 0, { value: BigInt.asUintN(64, node.value) });
      case 'double':
        return this.#emit('constDouble', 0, { value: doubleBits(node.value) });
      case 'string':
        return this.#emit('constString', 0, { constant: encoder.encode(node.value) });
    }
  }

  #round(node: BoundValue): void {
    if (node.type === 'float') this.#emit('roundFloat', 1, {});
  }

  #emit(op: FilterOpName, operandCount: number, parts: InstructionParts): void {
    const at = this.#count * instructionBytes;
    if (at === this.#instructions.byteLength) this.#grow();
    const view = this.#instructions;
    view.setUint8(at, filterOps[op]);
    view.setUint8(at + 1, parts.flags ?? 0);
    view.setUint32(at + 4, parts.fieldId ?? 0, true);
    view.setUint32(at + 8, parts.operandCount ?? 0, true);
    if (parts.constant !== undefined) {
      view.setUint32(at + 12, parts.constant.byteLength, true);
      this.#constants.push({ bytes: parts.constant, at: headerBytes + at });
      this.#constantBytes += alignUp(parts.constant.byteLength, 8);
    }
    view.setBigUint64(at + 16, parts.value ?? 0n, true);
    this.#count++;
    this.#stack += 1 - operandCount;
    this.#stackMax = Math.max(this.#stackMax, this.#stack);
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#instructions.byteLength);
    larger.set(new Uint8Array(this.#instructions.buffer));
    this.#instructions = new DataView(larger.buffer);
  }
}

function encodePath(path: readonly string[]): Uint8Array {
  const steps = path.map((step) => encoder.encode(step));
  const bytes = new Uint8Array(4 + steps.reduce((sum, step) => sum + 4 + step.byteLength, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, steps.length, true);
  let next = 4;
  for (const step of steps) {
    view.setUint32(next, step.byteLength, true);
    bytes.set(step, next + 4);
    next += 4 + step.byteLength;
  }
  return bytes;
}

function encodeSet(set: ValueSet): Uint8Array {
  const strings = set.strings.map((text) => encoder.encode(text));
  const textBytes = strings.reduce((sum, text) => sum + text.byteLength, 0);
  const numbersEnd = 16 + 8 * (set.ints.length + set.doubles.length);
  const bytes = new Uint8Array(numbersEnd + 4 * strings.length + textBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, set.ints.length, true);
  view.setUint32(4, set.doubles.length, true);
  view.setUint32(8, strings.length, true);
  view.setUint32(12, (set.hasTrue ? 1 : 0) + (set.hasFalse ? 2 : 0), true);
  new BigInt64Array(bytes.buffer, 16, set.ints.length).set(set.ints);
  new Float64Array(bytes.buffer, 16 + 8 * set.ints.length, set.doubles.length).set(set.doubles);
  let end = 0;
  strings.forEach((text, i) => {
    bytes.set(text, numbersEnd + 4 * strings.length + end);
    end += text.byteLength;
    view.setUint32(numbersEnd + 4 * i, end, true);
  });
  return bytes;
}

function doubleBits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

function alignUp(sizeBytes: number, alignment: number): number {
  return Math.ceil(sizeBytes / alignment) * alignment;
}
