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
const emptyObject = new TextEncoder().encode('{}');

/** The object's members named by keys, in the object's order. */
export function pickMembers(json: Uint8Array, keys: readonly string[]): Uint8Array {
  const kept: Uint8Array[] = [];
  for (const member of members(json)) {
    if (keys.includes(member.key)) kept.push(json.subarray(member.start, member.end));
  }
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

interface Member {
  readonly key: string;
  /** From the key's quote to the end of the value. */
  readonly start: number;
  readonly end: number;
}

function* members(json: Uint8Array): Generator<Member> {
  let position = skipSpace(json, 0);
  if (json[position] !== openBrace) return;
  position = skipSpace(json, position + 1);
  while (json[position] === quote) {
    const start = position;
    const keyEnd = stringEnd(json, position);
    const valueStart = skipSpace(json, keyEnd);
    if (json[valueStart] !== colon) return;
    const end = valueEnd(json, skipSpace(json, valueStart + 1));
    yield { key: keyText(json, start, keyEnd), start, end };
    position = skipSpace(json, end);
    if (json[position] === comma) position = skipSpace(json, position + 1);
  }
}

function keyText(json: Uint8Array, start: number, end: number): string {
  const text = decoder.decode(json.subarray(start, end));
  return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1);
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
