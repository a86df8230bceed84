// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The JSON reader agrees with JSON.parse wherever that one loses nothing, and keeps what it loses.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonObject, type JsonValue, parseJson, writeJson } from './json.ts';

function plain(value: JsonValue | undefined): unknown {
  if (value instanceof JsonObject)
    return Object.fromEntries([...value.keys()].map((key) => [key, plain(value.get(key))]));
  if (Array.isArray(value)) return value.map((item: JsonValue) => plain(item));
  return typeof value === 'bigint' ? Number(value) : value;
}

function object(text: string): JsonObject {
  const parsed = parseJson(text);
  if (parsed instanceof JsonObject) return parsed;
  throw new TypeError(`${text} is no object`);
}

describe('reading', () => {
  test('agrees with JSON.parse', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(plain(parseJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('refuses what JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '0',
      '.5',
      'e',
      'true',
      'nul',
      ' ',
      '\\u12',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        expect(succeeds(() => parseJson(text))).toBe(succeeds(() => JSON.parse(text)));
      }),
      { numRuns: 3000 },
    );
  });

  test('keeps int64 exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const read = parseJson(String(value));
        expect(typeof read === 'number' ? BigInt(read) : read).toBe(value);
      }),
    );
    expect(parseJson('9007199254740993')).toBe(9007199254740993n);
    expect(parseJson('1.5e3')).toBe(1500);
  });

  test('keeps the text of members as it was written', () => {
    const row = object('{"a": {"x": 1.0,  "y":[1e2]} , "b":"\\u0041", "c":12345678901234567890}');
    expect(row.raw('a')).toBe('{"x": 1.0,  "y":[1e2]}');
    expect(row.raw('b')).toBe('"\\u0041"');
    expect(row.get('b')).toBe('A');
    expect(row.get('c')).toBe(12345678901234567890n);
    expect(row.raw('none')).toBe('');
  });

  test('__proto__ and constructor are keys like others', () => {
    const row = object('{"__proto__": {"polluted": true}, "constructor": 1}');
    expect([...row.keys()]).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(row.get('toString')).toBeUndefined();
  });

  test.each([
    ['{"a":1,"a":2}', /key "a" comes twice/],
    [`${'['.repeat(66)}${']'.repeat(66)}`, /nested deeper than 64/],
    ['['.repeat(1_000_000), /nested deeper than 64/],
    ['1e999', /beyond a double/],
    ['"\u0001"', /control character/],
    ['"abc', /without an end/],
    ['[1,]', /expected a value/],
    ['{} x', /text after the value/],
  ])('refuses %#', (text, message) => {
    expect(() => parseJson(text)).toThrow(message);
  });
});

describe('writing', () => {
  test('is read back by JSON.parse', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = writeJson(value as Parameters<typeof writeJson>[0], false);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('bigint goes out as a number or as text', () => {
    const row = new Map([['id', 2n ** 62n]]);
    expect(writeJson([row], false)).toBe('[{"id":4611686018427387904}]');
    expect(writeJson([row], true)).toBe('[{"id":"4611686018427387904"}]');
  });
});

function succeeds(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    // Which error does not matter here, only whether there is one.
    return false;
  }
}
