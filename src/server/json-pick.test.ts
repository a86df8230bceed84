// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Picked members are byte for byte what the object had, whatever stands around them.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memberPicker } from './json-pick.ts';

function pick(json: string, ...keys: string[]): string {
  return Buffer.from(memberPicker(keys)(new TextEncoder().encode(json))).toString();
}

test('agrees with picking from the parsed object', () => {
  const objects = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.jsonValue());
  fc.assert(
    fc.property(
      objects,
      fc.nat(3),
      fc.array(fc.nat(9), { maxLength: 4 }),
      (object, indent, picks) => {
        const all = Object.keys(object);
        const keys = picks.map((one) => all[one % Math.max(all.length, 1)] ?? 'none');
        const expected = all.filter((key) => keys.includes(key)).map((key) => [key, object[key]]);
        const picked = pick(JSON.stringify(object, null, indent), ...keys);
        expect(Object.entries(JSON.parse(picked) as object)).toEqual(
          Object.entries(JSON.parse(JSON.stringify(Object.fromEntries(expected))) as object),
        );
      },
    ),
  );
});

test.each([
  ['{"a": 1.0 , "b":2}', ['a'], '{"a": 1.0}'],
  ['{"a":9007199254740993,"b":2}', ['b', 'a'], '{"a":9007199254740993,"b":2}'],
  ['{"\\u0061":1}', ['a'], '{"\\u0061":1}'],
  ['{"x":"}","y":{"a":[1,{"a":2}]},"a":"\\"a\\":1"}', ['a'], '{"a":"\\"a\\":1"}'],
  ['{}', ['a'], '{}'],
  ['[1]', ['a'], '{}'],
  ['{"a"', ['a'], '{}'],
  ['', ['a'], '{}'],
])('%s', (json, keys, expected) => {
  expect(pick(json, ...keys)).toBe(expected);
});
