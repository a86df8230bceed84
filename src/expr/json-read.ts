// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// JSON for the oracle: a whole document to a tree, with what JSON.parse would lose. Integers that
// fit int64 stay exact, and of duplicate keys the first wins, as in the native reader, which stops
// at the first match. A text that is no JSON reads as undefined.

import { wholeInt } from './numeric.ts';

export type JsonTree = null | boolean | bigint | number | string | readonly JsonTree[] | JsonObject;

/** Entries as they stand in the text, duplicate keys included. */
export class JsonObject {
  readonly entries: (readonly [string, JsonTree])[] = [];

  get(key: string): JsonTree | undefined {
    return this.entries.find(([name]) => name === key)?.[1];
  }
}

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);
const numberShape = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** The document's tree, or undefined when the text is malformed. */
export function readJson(text: string): JsonTree | undefined {
  const reader = new JsonReader(text);
  return reader.whole();
}

/** What a path leads to, or undefined. A decimal step is an index where it meets an array. */
export function findPath(root: JsonTree, path: readonly string[]): JsonTree | undefined {
  let node: JsonTree | undefined = root;
  for (const step of path) {
    if (node instanceof JsonObject) node = node.get(step);
    else if (Array.isArray(node))
      node = /^(?:0|[1-9][0-9]*)$/.test(step) ? node[Number(step)] : undefined;
    else return undefined;
    if (node === undefined) return undefined;
  }
  return node;
}

/** Whether `exists` counts a value as absent: null, or an object whose every entry is absent. */
export function isAbsent(node: JsonTree): boolean {
  if (node === null) return true;
  return node instanceof JsonObject && node.entries.every(([, value]) => isAbsent(value));
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): JsonTree | undefined {
    const value = this.#value();
    this.#space();
    return this.#at === this.#text.length ? value : undefined;
  }

  #space(): void {
    while (' \n\r\t'.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length)
      this.#at++;
  }

  #take(symbol: string): boolean {
    this.#space();
    if (!this.#text.startsWith(symbol, this.#at)) return false;
    this.#at += symbol.length;
    return true;
  }

  #value(): JsonTree | undefined {
    if (this.#take('{')) return this.#object();
    if (this.#take('[')) return this.#array();
    if (this.#take('null')) return null;
    if (this.#take('true')) return true;
    if (this.#take('false')) return false;
    return this.#text.charAt(this.#at) === '"' ? this.#string() : this.#number();
  }

  #object(): JsonTree | undefined {
    const object = new JsonObject();
    if (this.#take('}')) return object;
    do {
      this.#space();
      const key = this.#string();
      if (key === undefined || !this.#take(':')) return undefined;
      const value = this.#value();
      if (value === undefined) return undefined;
      object.entries.push([key, value]);
    } while (this.#take(','));
    return this.#take('}') ? object : undefined;
  }

  #array(): JsonTree | undefined {
    const items: JsonTree[] = [];
    if (this.#take(']')) return items;
    do {
      const value = this.#value();
      if (value === undefined) return undefined;
      items.push(value);
    } while (this.#take(','));
    return this.#take(']') ? items : undefined;
  }

  #string(): string | undefined {
    const start = this.#at;
    if (this.#text.charAt(start) !== '"') return undefined;
    let i = start + 1;
    while (i < this.#text.length && this.#text.charAt(i) !== '"')
      i += this.#text.charAt(i) === '\\' ? 2 : 1;
    this.#at = i + 1;
    try {
      const value: unknown = JSON.parse(this.#text.slice(start, i + 1));
      return typeof value === 'string' ? value : undefined;
    } catch {
      return undefined; // a bad escape or a control character
    }
  }

  #number(): JsonTree | undefined {
    numberShape.lastIndex = this.#at;
    const spelled = numberShape.exec(this.#text)?.[0];
    if (spelled === undefined) return undefined;
    this.#at += spelled.length;
    if (!/[.eE]/.test(spelled)) {
      const exact = BigInt(spelled);
      if (exact >= int64Min && exact <= int64Max) return exact;
    }
    return Number(spelled);
  }
}

/** A number as a set holds it: a whole double is the integer it equals. */
export function setNumber(value: bigint | number): bigint | number {
  return typeof value === 'number' ? (wholeInt(value) ?? value) : value;
}
