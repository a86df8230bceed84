// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The hand-written codecs against protobufjs: requests that it encodes are understood, replies that
// we encode are read by it, for columns of every type with and without nulls.

import { createRequire } from 'node:module';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeDescriptors } from '../../../../scripts/proto-descriptors.mjs';
import {
  int64Keys,
  testBatch,
  testColumn,
  testField,
} from '../../../../test/support/fake-database.ts';
import { type CollectionSchema, dataTypes, metaField } from '../../../model/index.ts';
import type { SearchResult } from '../../../service/index.ts';
import { decodeInsertHeader } from './insert-header.ts';
import { decodeDeleteRequest, decodeQueryRequest } from './query-request.ts';
import { encodeMutationResult, encodeQueryResults, encodeSearchResults } from './replies.ts';
import { decodeSearchRequest } from './search-request.ts';

const require = createRequire(import.meta.url);
let root: protobuf.Root;

beforeAll(() => {
  writeDescriptors();
  root = protobuf.Root.fromJSON(
    require('@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.js').default,
  );
});

function encode(name: string, value: object): Uint8Array {
  const type = root.lookupType(`milvus.proto.${name}`);
  return type.encode(type.fromObject(value)).finish();
}

function decode(name: string, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(`milvus.proto.${name}`);
  return type.toObject(type.decode(bytes), { longs: String, bytes: Buffer, oneofs: true });
}

const fields = {
  id: testField(100, 'id', dataTypes.Int64, { primaryKey: true }),
  title: testField(101, 'title', dataTypes.VarChar, { nullable: true }),
  small: testField(102, 'small', dataTypes.Int8),
  big: testField(103, 'big', dataTypes.Int64, { nullable: true }),
  flag: testField(104, 'flag', dataTypes.Bool),
  price: testField(105, 'price', dataTypes.Float),
  exact: testField(106, 'exact', dataTypes.Double),
  doc: testField(107, 'doc', dataTypes.JSON),
  vector: testField(108, 'vector', dataTypes.FloatVector, { dim: 2, nullable: true }),
  middle: testField(109, 'middle', dataTypes.Int16),
  wide: testField(110, 'wide', dataTypes.Int32),
} as const;
const schema: CollectionSchema = {
  name: 'books',
  description: '',
  fields: Object.values(fields),
  dynamic: true,
  version: 0,
  nextFieldId: 111,
};

function placeholder(type: number, values: Uint8Array[]): Uint8Array {
  return encode('common.PlaceholderGroup', { placeholders: [{ tag: '$0', type, values }] });
}

function searchBytes(more: object): Uint8Array {
  return encode('milvus.SearchRequest', {
    collection_name: 'books',
    dsl_type: 1,
    placeholder_group: placeholder(101, [new Uint8Array(8)]),
    search_params: [{ key: 'topk', value: '10' }],
    ...more,
  });
}

describe('search requests', () => {
  test('are read whole', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const vectors = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        text,
        text,
        fc.array(text),
        fc.array(text),
        vectors,
        fc.integer({ min: 1, max: 16384 }),
        (collection, dsl, partitions, output, values, topk) => {
          const request = decodeSearchRequest(
            encode('milvus.SearchRequest', {
              db_name: 'default',
              collection_name: collection,
              dsl,
              dsl_type: 1,
              partition_names: partitions,
              output_fields: output,
              placeholder_group: placeholder(101, values),
              nq: values.length,
              use_default_consistency: true,
              guarantee_timestamp: '445644800000000002',
              search_params: [
                { key: 'anns_field', value: 'vector' },
                { key: 'topk', value: String(topk) },
                { key: 'params', value: '{"ef": 64, "metric_type": "L2"}' },
                { key: 'metric_type', value: 'IP' },
                { key: 'round_decimal', value: '3' },
                { key: 'ignore_growing', value: 'True' },
                { key: 'ef', value: '12' },
              ],
            }),
          );
          expect(request).toMatchObject({
            database: 'default',
            collection,
            filter: dsl,
            partitions,
            outputFields: output,
            field: 'vector',
            queryType: 101,
            limit: topk,
            offset: 0,
            metric: 'IP',
            params: { ef: 64 },
            roundDecimal: 3,
            ignoreGrowing: true,
            consistency: { level: null, guarantee: 445644800000000002n },
          });
          expect(request.queries.map((query) => [...query])).toEqual(
            values.map((value) => [...value]),
          );
        },
      ),
    );
  });

  test('template values keep their types', () => {
    const { templates } = decodeSearchRequest(
      searchBytes({
        expr_template_values: {
          yes: { bool_val: true },
          id: { int64_val: '-9223372036854775808' },
          price: { float_val: 2 },
          name: { string_val: 'x' },
          ids: { array_val: { long_data: { data: ['1', '9007199254740993'] } } },
          none: { array_val: {} },
          nested: {
            array_val: {
              array_data: {
                data: [{ double_data: { data: [1.5] } }, { string_data: { data: ['a'] } }],
              },
            },
          },
        },
      }),
    );
    expect(Object.fromEntries(templates)).toEqual({
      yes: true,
      id: -(2n ** 63n),
      price: 2,
      name: 'x',
      ids: [1n, 2n ** 53n + 1n],
      none: [],
      nested: [[1.5], ['a']],
    });
  });

  test.each([
    [{ placeholder_group: new Uint8Array(0) }, 'parameter-invalid', /at least 1 query vector/],
    [{ placeholder_group: placeholderLater(999) }, 'unimplemented', /embedding lists/],
    [
      { placeholder_group: placeholderLater(5) },
      'parameter-invalid',
      /expected a vector type, received 5/,
    ],
    [{ nq: 2 }, 'parameter-invalid', /field nq: expected 2 query vectors, received 1/],
    [
      { search_params: [{ key: 'topk', value: 'ten' }] },
      'parameter-invalid',
      /field topk: expected an integer, received ten/,
    ],
    [
      { search_params: [{ key: 'round_decimal', value: '7' }] },
      'parameter-invalid',
      /round_decimal/,
    ],
    [
      { search_params: [{ key: 'params', value: '[1]' }] },
      'parameter-invalid',
      /field params: expected a JSON object/,
    ],
    [
      { search_params: [{ key: 'params', value: '{' }] },
      'parameter-invalid',
      /field params: expected a JSON object/,
    ],
    [
      { search_params: [{ key: 'ignore_growing', value: 'maybe' }] },
      'parameter-invalid',
      /true or false/,
    ],
    [
      { search_params: [{ key: 'group_by_field', value: 'title' }] },
      'unimplemented',
      /group_by_field/,
    ],
    [{ consistency_level: 9 }, 'parameter-invalid', /consistency_level/],
    [
      { placeholder_group: undefined, ids: { int_id: { data: [1] } } },
      'unimplemented',
      /search by ids/,
    ],
    [{ function_score: {} }, 'unimplemented', /function_score/],
  ])('refuses %j', (more, code, message) => {
    const given = Object.entries(more).map(([key, value]) => [
      key,
      typeof value === 'function' ? value() : value,
    ]);
    const bytes = () =>
      searchBytes(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
    const plain =
      'ids' in more
        ? encode('milvus.SearchRequest', {
            collection_name: 'books',
            ids: { int_id: { data: [1] } },
          })
        : bytes();
    expect(() => decodeSearchRequest(plain)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [{ consistency_level: 0 }, 0, 0n],
    [{ consistency_level: 0, guarantee_timestamp: 1 }, 3, 0n],
    [{ consistency_level: 0, guarantee_timestamp: 2 }, 2, 0n],
    [{ consistency_level: 0, guarantee_timestamp: 77 }, 4, 77n],
    [{ consistency_level: 1, guarantee_timestamp: 77 }, 1, 77n],
    [{ use_default_consistency: true, guarantee_timestamp: 5 }, null, 5n],
  ])('consistency %j', (more, level, guarantee) => {
    expect(decodeSearchRequest(searchBytes(more)).consistency).toEqual({ level, guarantee });
  });
});

// protobufjs is loaded in beforeAll, after the table of cases is made.
function placeholderLater(type: number): () => Uint8Array {
  return () => placeholder(type, [new Uint8Array(8)]);
}

describe('query, delete and insert requests', () => {
  test('a query is read whole; without a limit its offset does not count', () => {
    const bytes = encode('milvus.QueryRequest', {
      collection_name: 'books',
      expr: 'id > 3',
      output_fields: ['*'],
      partition_names: ['_default'],
      consistency_level: 2,
      query_params: [
        { key: 'limit', value: '5' },
        { key: 'offset', value: '2' },
        { key: 'iterator', value: 'True' },
      ],
    });
    expect(decodeQueryRequest(bytes)).toMatchObject({
      collection: 'books',
      filter: 'id > 3',
      outputFields: ['*'],
      partitions: ['_default'],
      limit: 5,
      offset: 2,
      orderByKey: true,
      keys: null,
    });
    const unlimited = encode('milvus.QueryRequest', {
      query_params: [{ key: 'offset', value: '2' }],
    });
    expect(decodeQueryRequest(unlimited)).toMatchObject({ limit: 0, offset: 0 });
    const none = encode('milvus.QueryRequest', { query_params: [{ key: 'limit', value: '0' }] });
    expect(() => decodeQueryRequest(none)).toThrow(/field limit: expected at least 1, received 0/);
  });

  test('a delete needs a filter', () => {
    const bytes = encode('milvus.DeleteRequest', {
      collection_name: 'books',
      expr: 'id in [1]',
      partition_name: 'p',
    });
    expect(decodeDeleteRequest(bytes)).toMatchObject({
      collection: 'books',
      filter: 'id in [1]',
      partition: 'p',
      consistency: { level: 0 },
    });
    expect(() => decodeDeleteRequest(encode('milvus.DeleteRequest', { expr: ' ' }))).toThrow(
      /filter/,
    );
  });

  test("an insert's header is found around its columns", () => {
    const column = { type: 5, field_name: 'id', scalars: { long_data: { data: [1, 2, 3] } } };
    const bytes = encode('milvus.InsertRequest', {
      db_name: 'd',
      collection_name: 'books',
      partition_name: 'p',
      fields_data: [column, column],
      num_rows: 3,
      schema_timestamp: '445644800000000002',
    });
    const request = decodeInsertHeader(bytes);
    expect(request).toMatchObject({
      database: 'd',
      collection: 'books',
      partition: 'p',
      rowCount: 3,
      schemaTimestamp: 445644800000000002n,
    });
    expect(request.rows).toEqual({ kind: 'protobuf', request: bytes });
  });
});

describe('replies', () => {
  const nothing = { names: [], dynamicKeys: null, rows: testBatch(0, []) };

  test('int64 columns keep every bit', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(fc.array(int64), fc.array(fc.integer({ min: -128, max: 127 })), (ids, smalls) => {
        const rows = testBatch(ids.length, [testColumn(fields.id, ids)]);
        const reply = decode(
          'milvus.QueryResults',
          encodeQueryResults('books', {
            kind: 'rows',
            schema,
            output: { ...nothing, names: ['id'], rows },
          }),
        );
        expect(reply).toMatchObject({
          fields_data: [{ field_name: 'id', field_id: '100', scalars: { data: 'long_data' } }],
          primary_field_name: 'id',
        });
        expect(longsOf(reply, 0)).toEqual(ids.map(String));
        const small = testBatch(smalls.length, [testColumn(fields.small, smalls)]);
        const second = decode(
          'milvus.QueryResults',
          encodeQueryResults('books', {
            kind: 'rows',
            schema,
            output: { ...nothing, names: ['small'], rows: small },
          }),
        );
        expect(valuesOf(second, 0, 'int_data')).toEqual(smalls);
      }),
    );
  });

  test('scalars are dense and vectors compact, both with validity', () => {
    const rows = testBatch(3, [
      testColumn(fields.id, [1n, -2n, 3n]),
      testColumn(fields.title, ['a', null, 'ü']),
      testColumn(fields.vector, [[1, 2], null, [3, 4]]),
      testColumn(fields.big, [null, 2n ** 62n, null]),
      testColumn(fields.flag, [true, false, true]),
      testColumn(fields.price, [0.5, -1, 2]),
      testColumn(fields.exact, [0.1, 1e300, -0]),
      testColumn(fields.doc, ['{"a":1}', '[]', '"x"']),
      testColumn(fields.middle, [-32768, 0, 32767]),
      testColumn(fields.wide, [-(2 ** 31), 0, 2 ** 31 - 1]),
      testColumn(metaField, ['{"k": 1, "l": [1,{"k":2}]}', '{}', '{"l":"}","k":"\\"x"}']),
    ]);
    const names = 'title vector k id big flag price exact doc middle wide'.split(' ');
    const reply = decode(
      'milvus.QueryResults',
      encodeQueryResults('books', {
        kind: 'rows',
        schema,
        output: { names, dynamicKeys: ['k'], rows },
      }),
    );
    expect(reply['output_fields']).toEqual(names);
    expect(reply['fields_data']).toMatchObject([
      {
        type: 21,
        field_name: 'title',
        scalars: { string_data: { data: ['a', '', 'ü'] } },
        valid_data: [true, false, true],
      },
      {
        type: 101,
        field_name: 'vector',
        vectors: { dim: '2', float_vector: { data: [1, 2, 3, 4] } },
        valid_data: [true, false, true],
      },
      { type: 5, field_name: 'id', scalars: { long_data: { data: ['1', '-2', '3'] } } },
      {
        field_name: 'big',
        scalars: { long_data: { data: ['0', String(2n ** 62n), '0'] } },
        valid_data: [false, true, false],
      },
      { field_name: 'flag', scalars: { bool_data: { data: [true, false, true] } } },
      { field_name: 'price', scalars: { float_data: { data: [0.5, -1, 2] } } },
      { field_name: 'exact', scalars: { double_data: { data: [0.1, 1e300, -0] } } },
      {
        field_name: 'doc',
        scalars: { json_data: { data: ['{"a":1}', '[]', '"x"'].map((one) => Buffer.from(one)) } },
      },
      { field_name: 'middle', scalars: { int_data: { data: [-32768, 0, 32767] } } },
      { field_name: 'wide', scalars: { int_data: { data: [-(2 ** 31), 0, 2 ** 31 - 1] } } },
      {
        type: 23,
        field_name: '$meta',
        is_dynamic: true,
        scalars: {
          json_data: { data: ['{"k": 1}', '{}', '{"k":"\\"x"}'].map((one) => Buffer.from(one)) },
        },
      },
    ]);
  });

  test('no rows: every column still has its kind, vectors their dim', () => {
    const rows = testBatch(0, [
      testColumn(fields.id, []),
      testColumn(fields.title, []),
      testColumn(fields.vector, []),
    ]);
    const reply = decode(
      'milvus.QueryResults',
      encodeQueryResults('books', {
        kind: 'rows',
        schema,
        output: { names: ['id', 'title', 'vector'], dynamicKeys: null, rows },
      }),
    );
    expect(reply['fields_data']).toMatchObject([
      { field: 'scalars', scalars: { data: 'long_data' } },
      { field: 'scalars', scalars: { data: 'string_data' } },
      { field: 'vectors', vectors: { data: 'float_vector', dim: '2' } },
    ]);
  });

  test('other vector types', () => {
    const half = testField(120, 'half', dataTypes.Float16Vector, { dim: 2 });
    const bits = testField(121, 'bits', dataTypes.BinaryVector, { dim: 8 });
    const sparse = testField(122, 'sparse', dataTypes.SparseFloatVector);
    const pair = new Uint8Array(new Uint32Array([41, 0x3f800000]).buffer);
    const rows = testBatch(2, [
      testColumn(half, [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)]),
      testColumn(bits, [Uint8Array.of(255), Uint8Array.of(1)]),
      testColumn(sparse, [pair, new Uint8Array(0)]),
    ]);
    const wider = { ...schema, fields: [...schema.fields, half, bits, sparse] };
    const reply = decode(
      'milvus.QueryResults',
      encodeQueryResults('books', {
        kind: 'rows',
        schema: wider,
        output: { names: ['half', 'bits', 'sparse'], dynamicKeys: null, rows },
      }),
    );
    expect(reply['fields_data']).toMatchObject([
      { vectors: { dim: '2', float16_vector: Buffer.of(1, 2, 3, 4, 5, 6, 7, 8) } },
      { vectors: { dim: '8', binary_vector: Buffer.of(255, 1) } },
      {
        vectors: {
          dim: '42',
          sparse_float_vector: { dim: '42', contents: [Buffer.from(pair), Buffer.alloc(0)] },
        },
      },
    ]);
  });

  test('a search has topks of length nq, its key column only when asked', () => {
    const result: SearchResult = {
      schema,
      counts: Uint32Array.of(2, 0, 1),
      scores: Float32Array.of(1, 0.5, 3),
      keys: int64Keys(5n, -6n, 2n ** 55n),
      output: { names: ['id'], dynamicKeys: [], rows: testBatch(3, []) },
    };
    const reply = decode('milvus.SearchResults', encodeSearchResults('books', result));
    expect(reply).toMatchObject({
      status: {},
      results: {
        num_queries: '3',
        topks: ['2', '0', '1'],
        scores: [1, 0.5, 3],
        ids: { int_id: { data: ['5', '-6', String(2n ** 55n)] } },
        fields_data: [
          { field_name: 'id', scalars: { long_data: { data: ['5', '-6', String(2n ** 55n)] } } },
        ],
        output_fields: ['id'],
        primary_field_name: 'id',
      },
    });
    const bare = decode(
      'milvus.SearchResults',
      encodeSearchResults('books', { ...result, output: nothing }),
    );
    expect(bare).not.toHaveProperty('results.fields_data');
    const empty = {
      schema,
      counts: new Uint32Array(2),
      scores: new Float32Array(0),
      keys: int64Keys(),
      output: nothing,
    };
    expect(decode('milvus.SearchResults', encodeSearchResults('books', empty))).toMatchObject({
      status: { reason: 'search result is empty' },
      results: { topks: ['0', '0'], ids: { id_field: 'int_id' } },
    });
  });

  test('text keys, mutation results, counts', () => {
    const keys = {
      kind: 'varchar',
      offsets: Uint32Array.of(0, 1, 1, 3),
      bytes: new TextEncoder().encode('aü'),
    } as const;
    const reply = decode(
      'milvus.MutationResult',
      encodeMutationResult('insert', { keys, rowCount: 3, timestamp: 2n ** 58n + 1n }),
    );
    expect(reply).toMatchObject({
      IDs: { str_id: { data: ['a', '', 'ü'] } },
      succ_index: [0, 1, 2],
      insert_cnt: '3',
      acknowledged: true,
      timestamp: String(2n ** 58n + 1n),
    });
    const count = decode(
      'milvus.QueryResults',
      encodeQueryResults('books', { kind: 'count', schema, count: 2 ** 33 }),
    );
    expect(count).toMatchObject({
      fields_data: [
        { type: 5, field_name: 'count(*)', scalars: { long_data: { data: [String(2 ** 33)] } } },
      ],
      output_fields: ['count(*)'],
    });
  });
});

function valuesOf(reply: Record<string, unknown>, column: number, slot: string): unknown {
  const list = reply['fields_data'] as { scalars?: Record<string, { data?: unknown }> }[];
  return list[column]?.scalars?.[slot]?.data ?? [];
}

function longsOf(reply: Record<string, unknown>, column: number): unknown {
  return valuesOf(reply, column, 'long_data');
}
