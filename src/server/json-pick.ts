// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Keeps some members of a JSON object, byte for byte: $meta goes out with the keys that the user
// asked for, and its numbers must not pass through a double on the way. Works on stored objects,
// which were checked when they came in; what is no object after all is answered as `{}`.

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const emptyObject = encoder.encode('{}');

/** Cuts members out of objects; made once for the rows of a reply. */
export type MemberPicker = (json: Uint8Array) => Uint8Array;

/** A picker of the members named by keys; it keeps the object's order. */
export function memberPicker(keys: readonly string[]): MemberPicker {
  const names = new Set(keys);
  const written = keys.map((key) => encoder.encode(`"${key}"`));
  const wanted = (json: Uint8Array, start: number, end: number): boolean =>
    written.some((key) => equals(json, start, end, key)) ||
    (json.subarray(start, end).includes(backslash) && names.has(keyText(json, start, end)));
  return (json) => {
    const kept: Uint8Array[] = [];
    eachMember(json, (start, keyEnd, end) => {
      if (wanted(json, start, keyEnd)) kept.push(json.subarray(start, end));
    });
    return joinMembers(kept);
  };
}

function joinMembers(kept: readonly Uint8Array[]): Uint8Array {
  if (kept.length === 0) return emptyObject;
  const result = new Uint8Array(kept.reduce((sum, part) => sum + part.byteLength + 1, 1));
  let next = 0;
  for (const part of kept) {
    result[next] = next === 0 ? openBrace : comma;
    result.set(part, next + 1);
    next += part.byteLength + 1;
  }
  result[next] = closeBrace;
  return result;
}

function equals(json: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (end - start !== key.byteLength) return false;
  for (let i = 0; i < key.byteLength; i++) if (json[start + i] !== key[i]) return false;
  return true;
}

/** Calls back with each member: start of its key, end of its key, end of its value. */
function eachMember(
  json: Uint8Array,
  found: (start: number, keyEnd: number, end: number) => void,
): void {
  let position = skipSpace(json, 0);
  if (json[position] !== openBrace) return;
  position = skipSpace(json, position + 1);
  while (json[position] === quote) {
    const start = position;
    const keyEnd = stringEnd(json, position);
    const valueStart = skipSpace(json, keyEnd);
    if (json[valueStart] !== colon) return;
    const end = valueEnd(json, skipSpace(json, valueStart + 1));
    found(start, keyEnd, end);
    position = skipSpace(json, end);
    if (json[position] === comma) position = skipSpace(json, position + 1);
  }
}

function keyText(json: Uint8Array, start: number, end: number): string {
  return String(JSON.parse(decoder.decode(json.subarray(start, end))));
}

/** Position after the string that starts here. */
function stringEnd(json: Uint8Array, start: number): number {
  let position = start + 1;
  while (position < json.length && json[position] !== quote) {
    position += json[position] === backslash ? 2 : 1;
  }
  return position + 1;
}

/** Position after the value that starts here: strings by their quotes, the rest by depth. */
function valueEnd(json: Uint8Array, start: number): number {
  let depth = 0;
  let position = start;
  while (position < json.length) {
    const byte = json[position];
    if (byte === quote) {
      position = stringEnd(json, position);
      if (depth === 0) return position;
      continue;
    }
    if (depth === 0 && (byte === comma || byte === closeBrace)) return trimEnd(json, position);
    if (byte === openBrace || byte === openBracket) depth += 1;
    if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
      if (depth === 0) return position + 1;
    }
    position += 1;
  }
  return position;
}

function trimEnd(json: Uint8Array, end: number): number {
  let position = end;
  while (position > 0 && isSpace(json[position - 1])) position -= 1;
  return position;
}

function skipSpace(json: Uint8Array, start: number): number {
  let position = start;
  while (isSpace(json[position])) position += 1;
  return position;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
