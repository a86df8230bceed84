// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The fast lane for `in [1, 2, 3, ...]`: SDKs send thousands of plain decimal integers, which are
// read straight into typed memory. Anything else in the list (a template, 0x, a string) ends the
// lane and the ordinary scanner starts the list over.

const digitsExact = 15; // digits that a double holds exactly
const digitsMax = 18; // digits that always fit int64
const wordBase = 2 ** 32;

export interface IntList {
  readonly values: BigInt64Array;
  /** Position after the closing bracket. */
  readonly end: number;
}

/** Reads integers from just behind `[`; null when the list is empty or holds anything else. */
export function scanIntList(text: string, from: number): IntList | null {
  let words = new Uint32Array(64); // little-endian halves: low, high
  let count = 0;
  let i = from;
  for (;;) {
    i = skipSpace(text, i);
    const negative = text.charCodeAt(i) === 45;
    if (negative) i++;
    const start = i;
    let value = 0;
    let c = text.charCodeAt(i);
    while (c >= 48 && c <= 57) {
      value = value * 10 + (c - 48);
      c = text.charCodeAt(++i);
    }
    const digits = i - start;
    if (digits === 0 || digits > digitsMax) return null;
    if (digits > 1 && text.charCodeAt(start) === 48) return null;
    if (2 * count === words.length) words = grown(words);
    if (digits <= digitsExact) {
      const signed = negative ? -value : value;
      words[2 * count] = signed >>> 0;
      words[2 * count + 1] = Math.floor(signed / wordBase) >>> 0;
    } else {
      const exact = BigInt(text.slice(start, i));
      new BigInt64Array(words.buffer)[count] = negative ? -exact : exact;
    }
    count++;
    i = skipSpace(text, i);
    c = text.charCodeAt(i++);
    if (c === 93) break;
    if (c !== 44) return null;
    i = skipSpace(text, i);
    if (text.charCodeAt(i) === 93) {
      i++;
      break;
    }
  }
  return { values: new BigInt64Array(words.buffer.slice(0, 8 * count)), end: i };
}

function skipSpace(text: string, from: number): number {
  let i = from;
  for (;;) {
    const c = text.charCodeAt(i);
    const space = c === 32 || (c >= 9 && c <= 13);
    if (!space) return i;
    i++;
  }
}

function grown(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * words.length);
  larger.set(words);
  return larger;
}
