// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Filters that are refused, each with the words that its error must hold. Every error is
// expression-invalid and begins with Milvus's phrase.

import { describe, expect, it } from 'vitest';
import { filterSchema } from '../../test/support/filter-kit.ts';
import { DbError } from '../core/index.ts';
import type { CollectionSchema } from '../model/index.ts';
import { compileFilter, noTemplates } from './index.ts';

const closed: CollectionSchema = { ...filterSchema, dynamic: false };

const golden: readonly (readonly [words: string, filter: string])[] = [
  // syntax
  ['expected a value, found the end', 'id =='],
  ['expected a value, found the end', 'id == 1 and'],
  ['expected a value, found "=="', '== 1'],
  ['expected an operator or the end', 'id == 1 id == 2'],
  ['expected an operator or the end', '(id == 1))'],
  ['expected ")", found the end', '(id == 1'],
  ['expected a value, found "="', 'id > = 1'],
  ['expected an operator or the end, found "="', 'id = 1'],
  ['expected a value, found ">"', 'id > > 1'],
  ['expected a list in brackets', 'id in 5'],
  ['expected a list in brackets', 'id in (1, 2)'],
  ['expected "]"', 'id in [1, 2'],
  ['expected a value, found ","', 'id in [, 1]'],
  ['expected "in"', 'id not like "x"'],
  ['expected null', 'id is 5'],
  ['expected null', 'id is not 5'],
  ['expected a string after like', 'name like 5'],
  ['string is not closed', 'name == "red'],
  ['string is not closed', 'name == "red\\"'],
  ['invalid escape', String.raw`name == "a\qb"`],
  ['invalid escape', String.raw`name == "\xff"`],
  ['invalid escape', String.raw`name == "\ud800"`],
  ['unexpected character "@"', 'id @ 1'],
  ['unexpected character "#"', '# id == 1'],
  ['unexpected character ";"', 'id == 1; drop'],
  ['malformed number 1abc', 'id == 1abc'],
  ['malformed number 09', 'id == 09'],
  ['malformed number 0x', 'id == 0x'],
  ['malformed number 1.2.3', 'price == 1.2.3'],
  ['out of int64 range', 'id == 9223372036854775808'],
  ['out of int64 range', 'id == -9223372036854775809'],
  ['expected a template name', 'id == {}'],
  ['expected a key in quotes or an index', 'doc[a] == 1'],
  ['expected a key in quotes or an index', 'doc[-1] == 1'],
  ['"and" stands where a value should be', 'and id == 1'],
  ['"like" stands where a value should be', 'like "a"'],
  ['nested deeper than 256', `${'('.repeat(300)}id == 1${')'.repeat(300)}`],
  ['nested deeper than 256', `id${' + 1'.repeat(300)} == 1`],
  ['nested deeper than 256', `${'not '.repeat(300)}id == 1`],
  ['longer than 1048576 bytes', `id == ${'1'.repeat(1_048_577)}`],
  // no predicate
  ['predicate is not a boolean expression: id, data type: Int64', 'id'],
  ['predicate is not a boolean expression: 5, data type: Int64', '5'],
  ['predicate is not a boolean expression: "x", data type: VarChar', '"x"'],
  ['predicate is not a boolean expression: id + 1, data type: Int64', 'id + 1'],
  ['predicate is not a boolean expression: name, data type: VarChar', 'name'],
  ['predicate is not a boolean expression: doc["a"], data type: JSON', 'doc["a"]'],
  ['predicate is not a boolean expression: 1.5, data type: Double', '1.5'],
  ['and can only be applied on boolean expressions', 'id and id == 1'],
  ['or can only be applied on boolean expressions', 'id == 1 or 5'],
  ['not can only be applied on boolean expressions', 'not id'],
  // names
  ['field null not found', 'null == 1'],
  ['field $other not found', '$other == 1'],
  // types
  ['comparisons between Int64 field id and float constant 1.5 are not supported', 'id == 1.5'],
  ['comparisons between Int8 field tiny and float constant', 'tiny in [1, 2.5]'],
  ['comparisons between Int64 and VarChar are not supported', 'id == "1"'],
  ['comparisons between VarChar and Int64 are not supported', 'name == 1'],
  ['comparisons between VarChar and Int64 are not supported', '1 < name'],
  ['comparisons between VarChar and Int64 are not supported', 'name == id'],
  ['comparisons between Bool and Int64 are not supported', 'flag == 1'],
  ['comparisons between Bool and Bool are not supported', 'flag > true'],
  ['comparisons between Bool and Bool are not supported', 'flag < flag'],
  ['comparisons between Int64 and Bool are not supported', 'id in [true]'],
  ['comparisons between VarChar and Double are not supported', 'name in ["a", 1.5]'],
  ['comparisons between Int64 and VarChar are not supported', '1 == "1"'],
  ['comparisons between boolean expressions are not supported', '(id == 1) == (id == 2)'],
  ['comparisons between boolean expressions are not supported', 'id == 1 == 1'],
  ['vector field vector is not supported', 'vector == 1'],
  ['is null on vector field vector is not supported', 'vector is null'],
  ['field id of type Int64 has no keys', 'id["a"] == 1'],
  ['field name of type VarChar has no keys', 'name[0] == "r"'],
  ['is null on an element', 'id["a"] is null'],
  ['is null can only be applied', '(id + 1) is null'],
  ['exists is not supported here', 'exists id'],
  ['exists is not supported here', 'exists (id == 1)'],
  ['like on Int64 is not supported', 'id like "1%"'],
  ['like on VarChar is not supported', '"abc" like "a%"'],
  ['lone backslash', String.raw`name like "abc\\"`],
  ['add can only be applied on numbers', 'name + 1 == 2'],
  ['add can only be applied on numbers', 'flag + 1 == 2'],
  ['modulo can only be applied on integers', 'price % 2 == 1'],
  ['bitAnd can only be applied on integers', '(price & 2) == 1'],
  ['- cannot be applied to VarChar', '-name == "x"'],
  ['a predicate stands where a value should be', 'id & 1 == 1'],
  ['a list can only stand after in', 'id == [1, 2]'],
  ['constants only', 'id in [1, tiny]'],
  // values
  ['division or modulus by zero', 'id / 0 == 1'],
  ['division or modulus by zero', 'id % 0 == 1'],
  ['division or modulus by zero', '1 / 0 == 1'],
  ['division or modulus by zero', 'price / 0.0 == 1'],
  ['division or modulus by zero', 'doc["a"] / 0 == 1'],
  ['overflows int64', 'id == 9223372036854775807 + 1'],
  ['invalid range', '5 < id < 3'],
  ['invalid range', '5 < id <= 5'],
  ['invalid range', '"b" < name < "a"'],
  ['comparisons between Int64 and VarChar are not supported', '1 < id < "a"'],
  ['the value of expression template variable name {x} is not found', 'id == {x}'],
  ['the value of expression template variable name {x} is not found', 'id in {x}'],
  ['function nothing is not supported', 'nothing(id)'],
  ['regular expressions (=~) are not supported', 'name =~ "a.*"'],
];

function refusal(filter: string, schema: CollectionSchema): DbError {
  try {
    compileFilter(filter, schema, noTemplates);
  } catch (thrown) {
    if (thrown instanceof DbError) return thrown;
  }
  return expect.fail(`${filter} was accepted`);
}

describe('rejected filters', () => {
  it.each(golden)('%s: %s', (words, filter) => {
    const error = refusal(filter, filterSchema);
    expect(error.code).toBe('expression-invalid');
    expect(error.message).toMatch(
      /^failed to create query plan: (cannot parse expression|predicate is not a boolean)/,
    );
    expect(error.message).toContain(words);
  });

  it('a missing field is named, with the nearest declared one', () => {
    expect(refusal('colr == "red"', closed).message).toContain(
      'field colr not found; did you mean "color"?',
    );
    expect(refusal('$meta["a"] == 1', closed).message).toContain('field $meta not found');
  });

  it('the place is shown by a caret', () => {
    const { message } = refusal('id == 1 and\nname >< "x"', filterSchema);
    expect(message.split('\n').slice(-2)).toEqual(['  name >< "x"', '        ^']);
  });

  it('a second compilation fails alike, from the cache', () => {
    expect(refusal('id ==', filterSchema)).toBe(refusal('id ==', filterSchema));
  });
});
