// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What compileFilter promises beside the meaning of a filter: keys and fields it finds, templates,
// long lists and chains, and that texts with one meaning give one program.

import { describe, expect, it } from 'vitest';
import { filterSchema } from '../../test/support/filter-kit.ts';
import type { CollectionSchema } from '../model/index.ts';
import { compileFilter, compileKeyFilter, noTemplates, type TemplateValue } from './index.ts';

const varcharKey: CollectionSchema = {
  ...filterSchema,
  fields: filterSchema.fields.map((field) => ({ ...field, primaryKey: field.name === 'color' })),
};

const compile = (text: string, schema = filterSchema) => compileFilter(text, schema, noTemplates);

function withTemplates(text: string, values: Readonly<Record<string, TemplateValue>>): Uint8Array {
  return compileFilter(text, filterSchema, new Map(Object.entries(values))).program;
}

describe('primary keys', () => {
  it.each(['id == 3', 'id in [3]', '3 == id', '(id in [3, 3, 0x3])'])('%s names keys', (text) => {
    expect(compile(text).primaryKeys).toEqual({ kind: 'int64', values: BigInt64Array.of(3n) });
  });

  it('names VarChar keys too', () => {
    const keys = compile('color in ["b", "ü", "b"]', varcharKey).primaryKeys;
    expect(keys).toEqual({
      kind: 'varchar',
      offsets: Uint32Array.of(0, 1, 3),
      bytes: new Uint8Array(Buffer.from('bü')),
    });
  });

  it.each([
    'id != 3',
    'id > 3',
    'not id == 3',
    'id in [3] and flag',
    'tiny == 3',
    'id == tiny',
    'id in []',
    '',
  ])('%j names none', (text) => {
    expect(compile(text).primaryKeys).toBeNull();
  });

  it('a key list needs no text', () => {
    const byKeys = compileKeyFilter(filterSchema, {
      kind: 'int64',
      values: BigInt64Array.of(9n, 4n, 9n),
    });
    expect(byKeys).toEqual(compile('id in [4, 9]'));
    const keys = compile('color in ["x", "yz"]', varcharKey).primaryKeys;
    expect(keys).not.toBeNull();
    if (keys !== null)
      expect(compileKeyFilter(varcharKey, keys)).toEqual(
        compile('color in ["x", "yz"]', varcharKey),
      );
  });

  it('refuses keys of the wrong type', () => {
    expect(() =>
      compileKeyFilter(varcharKey, { kind: 'int64', values: BigInt64Array.of(1n) }),
    ).toThrow('VarChar keys');
  });
});

describe('fields', () => {
  it('lists what a filter reads', () => {
    expect(
      compile('price > 1 and (name like "a%" or k == id) and exists doc["a"]').fieldIds,
    ).toEqual([2, 100, 107, 108, 110]);
    expect(compile('').fieldIds).toEqual([]);
  });
});

describe('templates', () => {
  it('stand for constants and lists', () => {
    expect(withTemplates('id == {x}', { x: { kind: 'int64', value: 5n } })).toEqual(
      compile('id == 5').program,
    );
    expect(withTemplates('price < { x }', { x: { kind: 'double', value: 1.5 } })).toEqual(
      compile('price < 1.5').program,
    );
    expect(withTemplates('flag == {x}', { x: { kind: 'bool', value: true } })).toEqual(
      compile('flag == true').program,
    );
    expect(withTemplates('name like {x}', { x: { kind: 'string', value: 'a%' } })).toEqual(
      compile('name like "a%"').program,
    );
    expect(
      withTemplates('id in {x}', { x: { kind: 'int64s', values: BigInt64Array.of(2n, 1n) } }),
    ).toEqual(compile('id in [1, 2]').program);
    const mixed: TemplateValue = {
      kind: 'array',
      values: [
        { kind: 'int64', value: 1n },
        { kind: 'string', value: 'a' },
      ],
    };
    expect(withTemplates('doc["a"] in {x}', { x: mixed })).toEqual(
      compile('doc["a"] in [1, "a"]').program,
    );
  });

  it('are checked as constants are', () => {
    expect(() => withTemplates('id == {x}', { x: { kind: 'string', value: '5' } })).toThrow(
      'comparisons between',
    );
    expect(() => withTemplates('id in {x}', { x: { kind: 'int64', value: 5n } })).toThrow(
      'must be a list',
    );
    expect(() => withTemplates('id == {x}', { x: { kind: 'array', values: [] } })).toThrow(
      'only stand after in',
    );
    expect(() => withTemplates('id == {idd}', { id: { kind: 'int64', value: 5n } })).toThrow(
      '{idd} is not found; did you mean "id"?',
    );
  });
});

describe('size', () => {
  it('a list of 100,000 integers is typed memory', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_003);
    const { primaryKeys } = compile(`id in [${values.join(',')}]`);
    expect(primaryKeys).toEqual({
      kind: 'int64',
      values: BigInt64Array.from(values, BigInt).sort(),
    });
  });

  it('integers of every length survive the fast lane', () => {
    const values = [
      0n,
      -1n,
      999_999_999_999_999n,
      -1_234_567_890_123_456n,
      123_456_789_012_345_678n,
    ];
    const extremes = [...values, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n];
    for (const list of [values, extremes]) {
      const keys = compile(`id in [ ${list.join(' ,\n')} ]`).primaryKeys;
      expect(keys).toEqual({ kind: 'int64', values: BigInt64Array.from(list).sort() });
    }
  });

  it('chains of 100,000 terms do not nest', () => {
    expect(compile(Array.from({ length: 100_000 }, () => 'flag').join(' or ')).fieldIds).toEqual([
      101,
    ]);
    expect(compile(Array.from({ length: 100_000 }, () => 'flag').join(' && ')).fieldIds).toEqual([
      101,
    ]);
  });

  it('nesting up to the limit is accepted', () => {
    expect(compile(`${'('.repeat(250)}id == 1${')'.repeat(250)}`).program).toEqual(
      compile('id == 1').program,
    );
  });
});

describe('one meaning, one program', () => {
  it.each([
    ['id == 1 and flag', 'id==1 && flag'],
    ['not (name == "a")', "!(name == 'a')"],
    ['not name == "a"', 'not (name == "a")'],
    ['not not flag', 'flag'],
    ['2 < id', 'id > 2'],
    ['1 < id < 5', '5 > id > 1'],
    ['id in [2, 1, 2]', 'id in [1, 2]'],
    ['name == "a" and true', 'name == "a"'],
    ['id == 2 + 3', 'id == 5'],
    ['a["b"] == 1', '$meta["a"]["b"] == 1'],
    ["doc['x'][0] is null", 'not exists doc["x"][0]'],
    ['', 'true'],
    ['name == "a" or flag or name in ["b"]', 'flag or name in ["b", "a"]'],
    [
      Array.from({ length: 20 }, (_, i) => `tiny == ${i}`).join(' or '),
      `tiny in [${[...Array(20).keys()].join(',')}]`,
    ],
    ['id == 1 and (flag and name == "x")', 'id == 1 and flag and name == "x"'],
  ])('%s = %s', (left, right) => {
    expect(compile(left).program).toEqual(compile(right).program);
  });

  it('a declared field of a keyword spelled otherwise is a name', () => {
    const renamed = {
      ...filterSchema,
      fields: filterSchema.fields.map((f) => (f.name === 'tiny' ? { ...f, name: 'In' } : f)),
    };
    expect(compile('In == 1 and In In [1]', renamed).fieldIds).toEqual([102]);
  });

  it('a template-free text is parsed once and bound to each schema', () => {
    const text = 'color == "x"';
    expect(compile(text).primaryKeys).toBeNull();
    expect(compile(text, varcharKey).primaryKeys?.kind).toBe('varchar');
  });
});
