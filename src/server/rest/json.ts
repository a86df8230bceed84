// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// JSON without loss. JSON.parse rounds int64 keys, takes the last of two equal keys in silence and
// forgets how a value was written; here integers beyond a double's are bigint, a key that comes
// twice is an error, nesting is capped, and an object can give a member's original text, which is
// what JSON fields and dynamic keys store. Objects are Maps inside, so `__proto__` is a key like
// any other.

import { DbError } from '../../core/index.ts';

export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | JsonObject;

/** Nesting that a body may have. */
const jsonDepthMax = 64;

interface Member {
  readonly value: JsonValue;
  readonly start: number;
  readonly end: number;
}

/** A JSON object that remembers how its members were written. */
export class JsonObject {
  readonly #source: string;
  readonly #members: ReadonlyMap<string, Member>;

  constructor(source: string, members: ReadonlyMap<string, Member>) {
    this.#source = source;
    this.#members = members;
  }

  /** undefined when there is no such member; a JSON null is null. */
  get(key: string): JsonValue | undefined {
    return this.#members.get(key)?.value;
  }

  /** The member's value as it was written. */
  raw(key: string): string {
    const member = this.#members.get(key);
    return member === undefined ? '' : this.#source.slice(member.start, member.end);
  }

  keys(): Iterable<string> {
    return this.#members.keys();
  }
}

/** Parses a text; throws `value-json` with the position. */
export function parseJson(text: string): JsonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

const quote = 0x22;
const backslash = 0x5c;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

class Parser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > jsonDepthMax) throw this.#error(`nested deeper than ${jsonDepthMax}`);
    this.#space();
    switch (this.#text[this.#position]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  end(): void {
    this.#space();
    if (this.#position < this.#text.length) throw this.#error('text after the value');
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, Member>();
    this.#position += 1;
    this.#space();
    if (this.#take('}')) return new JsonObject(this.#text, members);
    do {
      this.#space();
      if (this.#text.charCodeAt(this.#position) !== quote)
        throw this.#error('expected a key in quotes');
      const key = this.#string();
      if (members.has(key))
        throw this.#error(`key ${JSON.stringify(key.slice(0, 100))} comes twice`);
      this.#space();
      if (!this.#take(':')) throw this.#error('expected :');
      this.#space();
      const start = this.#position;
      const value = this.value(depth + 1);
      members.set(key, { value, start, end: this.#position });
      this.#space();
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#error('expected , or }');
    return new JsonObject(this.#text, members);
  }

  #array(depth: number): JsonValue[] {
    const values: JsonValue[] = [];
    this.#position += 1;
    this.#space();
    if (this.#take(']')) return values;
    do {
      values.push(this.value(depth + 1));
      this.#space();
    } while (this.#take(','));
    if (!this.#take(']')) throw this.#error('expected , or ]');
    return values;
  }

  #string(): string {
    const start = this.#position + 1;
    let position = start;
    for (;;) {
      const code = this.#text.charCodeAt(position);
      if (code === quote) break;
      if (code === backslash) return this.#escapedString(start, position);
      // NaN, past the end, fails this comparison too.
      if (!(code >= 0x20))
        throw this.#error('a string without an end, or with a control character');
      position += 1;
    }
    this.#position = position + 1;
    return this.#text.slice(start, position);
  }

  #escapedString(start: number, firstEscape: number): string {
    let result = this.#text.slice(start, firstEscape);
    let position = firstEscape;
    for (;;) {
      const code = this.#text.charCodeAt(position);
      if (code === quote) break;
      if (!(code >= 0x20))
        throw this.#error('a string without an end, or with a control character');
      if (code !== backslash) {
        result += this.#text[position];
        position += 1;
        continue;
      }
      const letter = this.#text[position + 1] ?? '';
      if (letter === 'u') {
        result += this.#unicodeEscape(position + 2);
        position += 6;
      } else {
        const meant = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
        if (meant === undefined) throw this.#error('an unknown escape');
        result += meant;
        position += 2;
      }
    }
    this.#position = position + 1;
    return result;
  }

  #unicodeEscape(start: number): string {
    const digits = this.#text.slice(start, start + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits))
      throw this.#error('an escape \\u needs four hexadecimal digits');
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): number | bigint {
    numberPattern.lastIndex = this.#position;
    const match = numberPattern.exec(this.#text);
    if (match === null) throw this.#error('expected a value');
    const [digits, fraction, exponent] = match;
    this.#position += digits.length;
    const value = Number(digits);
    if (!Number.isFinite(value))
      throw this.#error(`number ${digits.slice(0, 30)} is beyond a double`);
    const integer = fraction === undefined && exponent === undefined;
    return integer && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#position)) throw this.#error('expected a value');
    this.#position += word.length;
    return value;
  }

  #take(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position += 1;
    return true;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#position += 1;
    }
  }

  #error(what: string): DbError {
    return new DbError({
      code: 'value-json',
      message: `not JSON at position ${this.#position}: ${what}`,
    });
  }
}

/** Text that is JSON already and goes out as it is. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonOutput =
  | null
  | boolean
  | number
  | bigint
  | string
  | RawJson
  | readonly JsonOutput[]
  | ReadonlyMap<string, JsonOutput>
  | { readonly [key: string]: JsonOutput };

/** Writes a value; bigint as a number or, for clients whose numbers are doubles, as text. */
export function writeJson(value: JsonOutput, int64AsText: boolean): string {
  if (typeof value === 'bigint') return int64AsText ? `"${value}"` : String(value);
  if (value instanceof RawJson) return value.text;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((item: JsonOutput) => writeJson(item, int64AsText)).join(',')}]`;
  const entries: Iterable<[string, JsonOutput]> =
    value instanceof Map ? value : Object.entries(value);
  const members = Array.from(
    entries,
    ([key, item]) => `${JSON.stringify(key)}:${writeJson(item, int64AsText)}`,
  );
  return `{${members.join(',')}}`;
}
