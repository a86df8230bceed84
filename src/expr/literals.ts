// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Values of number and string literals. Numbers: decimal, octal with a leading 0, 0x, 0b, decimal
// and hexadecimal floats. Strings: C escapes; bytes given as \xHH or \ooo together form UTF-8.

import { isUtf8 } from 'node:buffer';

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '?': '?',
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

const octalDigits = /^[0-7]{1,3}/;

/** One escape: what it stands for (text, or one byte) and how many characters it took. */
interface Escape {
  readonly text: string | null;
  readonly byte: number;
  readonly length: number;
}

/** A string literal's value; bad is the offset of an escape that is none, or -1. */
export interface Unescaped {
  readonly value: string;
  readonly bad: number;
}

/**
 * Reads the escapes between the quotes. An unknown one is reported and stays as it is written,
 * which is what a like pattern wants of `\%` and `\_`.
 */
export function unescapeString(raw: string): Unescaped {
  let i = raw.indexOf('\\');
  if (i < 0) return { value: raw, bad: -1 };
  const parts: Uint8Array[] = [];
  const encoder = new TextEncoder();
  let bad = -1;
  let plainFrom = 0;
  while (i >= 0) {
    if (i > plainFrom) parts.push(encoder.encode(raw.slice(plainFrom, i)));
    const escape = readEscape(raw, i) ?? {
      text: raw.slice(i, i + 2),
      byte: 0,
      length: 2,
      unknown: true,
    };
    if ('unknown' in escape && bad < 0) bad = i;
    parts.push(escape.text === null ? Uint8Array.of(escape.byte) : encoder.encode(escape.text));
    plainFrom = i + escape.length;
    i = raw.indexOf('\\', plainFrom);
  }
  parts.push(encoder.encode(raw.slice(plainFrom)));
  const bytes = Buffer.concat(parts);
  if (!isUtf8(bytes)) return { value: bytes.toString(), bad: Math.max(0, bad) };
  return { value: bytes.toString(), bad };
}

function readEscape(raw: string, at: number): Escape | null {
  const letter = raw[at + 1] ?? '';
  const simple = simpleEscapes[letter];
  if (simple !== undefined) return { text: simple, byte: 0, length: 2 };
  if (letter === 'x') return hexEscape(raw, at, 2);
  if (letter === 'u') return hexEscape(raw, at, 4);
  if (letter === 'U') return hexEscape(raw, at, 8);
  const octal = octalDigits.exec(raw.slice(at + 1, at + 4))?.[0];
  if (octal === undefined) return null;
  const byte = Number.parseInt(octal, 8);
  return byte > 255 ? null : { text: null, byte, length: 1 + octal.length };
}

function hexEscape(raw: string, at: number, digits: number): Escape | null {
  const hex = raw.slice(at + 2, at + 2 + digits);
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return null;
  const value = Number.parseInt(hex, 16);
  if (digits === 2) return { text: null, byte: value, length: 4 };
  const surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value > 0x10ffff || surrogate) return null;
  return { text: String.fromCodePoint(value), byte: 0, length: 2 + digits };
}

/** An integer literal's value, or null when it is no integer of that spelling. */
export function integerValue(text: string): bigint | null {
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  if (/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0|[1-9][0-9]*)$/.test(text)) return BigInt(text);
  return null;
}

/** A float literal's value, or null when malformed. */
export function floatValue(text: string): number | null {
  if (/^(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)$/.test(text))
    return Number(text);
  const hex = /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/.exec(text);
  if (hex === null) return null;
  const [, whole = '', fraction = '', exponent = ''] = hex;
  if (whole === '' && fraction === '') return null;
  const mantissa = Number(BigInt(`0x${whole}${fraction}`));
  return mantissa * 2 ** (Number(exponent) - 4 * fraction.length);
}
