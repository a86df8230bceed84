// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Bad input for each verb, sent past the SDKs' own checks: Milvus's code, a message that names the
// field, what was expected and what came, nothing written, and a server that lives. Milvus Lite has
// codes and texts of its own and accepts some of it, so this file is about our server alone.

import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  encodeMessage,
  pairs,
  placeholderGroup,
  statusOf,
  WireClient,
} from '../support/milvus-wire.ts';
import {
  missingServer,
  startServer,
  targetFromEnvironment,
  type ServerProcess,
} from '../support/server.ts';
import { withTempDir } from '../support/temp-dir.ts';

const name = 'bad_input';
const int64 = 5;
const types = { bool: 1, int8: 2, int64, float: 10, varChar: 21, floatVector: 101 };
const target = targetFromEnvironment();
const missing = target === 'dipper' ? missingServer(target) : 'Milvus Lite has codes of its own';

/** One row as columns; a case replaces, adds (an object) or removes (null) columns. */
function columns(changes: Readonly<Record<string, object | null>> = {}): object[] {
  const scalar = (type: number, scalars: object): object => ({ type, scalars });
  const base: Record<string, object> = {
    id: scalar(int64, { long_data: { data: ['7'] } }),
    small: scalar(types.int8, { int_data: { data: [1] } }),
    title: scalar(types.varChar, { string_data: { data: ['abc'] } }),
    score: scalar(types.float, { float_data: { data: [0.5] } }),
    vector: vectorColumn([1, 2, 3, 4]),
  };
  return Object.entries({ ...base, ...changes })
    .filter(([, column]) => column !== null)
    .map(([field_name, column]) => ({ field_name, ...column }));
}

function vectorColumn(data: readonly number[]): object {
  const vectors = { dim: data.length, float_vector: { data } };
  return { type: types.floatVector, vectors };
}

function insert(changes: Readonly<Record<string, object | null>>, more: object = {}): object {
  return { collection_name: name, num_rows: 1, fields_data: columns(changes), ...more };
}

function search(
  changes: object,
  vector = [1, 2, 3, 4],
  params: Record<string, string> = {},
): object {
  return {
    collection_name: name,
    dsl_type: 1,
    nq: 1,
    placeholder_group: placeholderGroup([Float32Array.from(vector)]),
    search_params: pairs({
      anns_field: 'vector',
      topk: 3,
      metric_type: 'L2',
      params: '{}',
      ...params,
    }),
    ...changes,
  };
}

function query(expr: string, more: object = {}): object {
  return { collection_name: name, expr, output_fields: ['id'], consistency_level: 0, ...more };
}

function create(collection: string, fields: readonly object[]): object {
  const schema = encodeMessage('schema.CollectionSchema', { name: collection, fields });
  return { collection_name: collection, schema, shards_num: 1 };
}

const key = { name: 'id', is_primary_key: true, data_type: int64 };
const text = { name: 'title', data_type: types.varChar, type_params: pairs({ max_length: 5 }) };
const vectorOf = (dim: number | string): object => ({
  name: 'vector',
  data_type: types.floatVector,
  type_params: pairs({ dim }),
});
const goodFields = [
  key,
  { name: 'small', data_type: types.int8 },
  text,
  { name: 'score', data_type: types.float },
  vectorOf(4),
];

/** What is wrong, the call, its request, the code, and words that the message must contain. */
type BadCase = readonly [string, string, object, number, readonly string[]];

const strange = { type: int64, scalars: { long_data: { data: ['1'] } } };
const textColumn = (value: string): object => ({
  type: types.varChar,
  scalars: { string_data: { data: [value] } },
});
const smallColumn = (value: number): object => ({
  type: types.int8,
  scalars: { int_data: { data: [value] } },
});

const badInserts: readonly BadCase[] = [
  [
    'wrong dimension',
    'Insert',
    insert({ vector: vectorColumn([1, 2, 3]) }),
    1100,
    ['vector', '4', '3'],
  ],
  ['unknown field', 'Insert', insert({ stranger: strange }), 1100, ['stranger']],
  ['missing field', 'Insert', insert({ small: null }), 1100, ['small']],
  ['missing key', 'Insert', insert({ id: null }), 1100, ['id']],
  ['missing vector', 'Insert', insert({ vector: null }), 1100, ['vector']],
  ['wrong type', 'Insert', insert({ small: textColumn('x') }), 1100, ['small', 'int8', 'varchar']],
  ['Int8 overflow', 'Insert', insert({ small: smallColumn(300) }), 1100, ['small', '300']],
  ['Int8 underflow', 'Insert', insert({ small: smallColumn(-129) }), 1100, ['small', '-129']],
  ['too long text', 'Insert', insert({ title: textColumn('abcdef') }), 1100, ['title', '5', '6']],
  [
    'text too long in bytes',
    'Insert',
    insert({ title: textColumn('ééé') }),
    1100,
    ['title', '5', '6'],
  ],
  [
    'NaN in a vector',
    'Insert',
    insert({ vector: vectorColumn([1, NaN, 3, 4]) }),
    1100,
    ['vector', 'nan'],
  ],
  [
    'infinity in a vector',
    'Insert',
    insert({ vector: vectorColumn([1, Infinity, 3, 4]) }),
    1100,
    ['vector', 'inf'],
  ],
  [
    'NaN in a float',
    'Insert',
    insert({ score: { type: types.float, scalars: { float_data: { data: [NaN] } } } }),
    1100,
    ['score', 'nan'],
  ],
  ['row count of another size', 'Insert', insert({}, { num_rows: 2 }), 1100, ['2', '1']],
  ['unknown collection', 'Insert', insert({}, { collection_name: 'nowhere' }), 100, ['nowhere']],
  ['unknown partition', 'Insert', insert({}, { partition_name: 'nowhere' }), 200, ['nowhere']],
];

const badReads: readonly BadCase[] = [
  ['wrong dimension', 'Search', search({}, [1, 2, 3]), 1100, ['vector', '4', '3']],
  ['NaN query', 'Search', search({}, [1, NaN, 3, 4]), 1100, ['nan']],
  [
    'unknown vector field',
    'Search',
    search({}, undefined, { anns_field: 'stranger' }),
    1100,
    ['stranger'],
  ],
  [
    'search of a scalar field',
    'Search',
    search({}, undefined, { anns_field: 'small' }),
    1100,
    ['small'],
  ],
  [
    'metric of another kind',
    'Search',
    search({}, undefined, { metric_type: 'IP' }),
    1100,
    ['l2', 'ip'],
  ],
  ['limit 0', 'Search', search({}, undefined, { topk: '0' }), 1100, ['0']],
  ['limit too large', 'Search', search({}, undefined, { topk: '16385' }), 1100, ['16384', '16385']],
  [
    'limit and offset',
    'Search',
    search({}, undefined, { topk: '9999', offset: '9999' }),
    1100,
    ['16384'],
  ],
  ['bad expression', 'Search', search({ dsl: 'small >' }), 1100, ['small >']],
  ['unknown output field', 'Search', search({ output_fields: ['stranger'] }), 1100, ['stranger']],
  ['unknown collection', 'Search', search({ collection_name: 'nowhere' }), 100, ['nowhere']],
  ['bad expression', 'Query', query('small === 1'), 1100, ['small === 1']],
  ['unclosed bracket', 'Query', query('(small == 1'), 1100, ['small == 1']],
  ['compared with another type', 'Query', query('title > 3'), 1100, ['title']],
  ['unknown field in a filter', 'Query', query('stranger == 1'), 1100, ['stranger']],
  [
    'unknown output field',
    'Query',
    query('id > 0', { output_fields: ['stranger'] }),
    1100,
    ['stranger'],
  ],
  [
    'limit too large',
    'Query',
    query('id > 0', { query_params: pairs({ limit: 20_000 }) }),
    1100,
    ['16384'],
  ],
  [
    'unknown collection',
    'Query',
    query('id > 0', { collection_name: 'nowhere' }),
    100,
    ['nowhere'],
  ],
];

const badRest: readonly BadCase[] = [
  ['empty filter', 'Delete', { collection_name: name, expr: '' }, 1100, ['expr']],
  ['bad filter', 'Delete', { collection_name: name, expr: 'id in [' }, 1100, ['id in [']],
  [
    'unknown collection',
    'Delete',
    { collection_name: 'nowhere', expr: 'id > 0' },
    100,
    ['nowhere'],
  ],
  ['no key', 'CreateCollection', create('made', [text, vectorOf(4)]), 1100, ['primary']],
  [
    'two keys',
    'CreateCollection',
    create('made', [key, { ...key, name: 'b' }, vectorOf(4)]),
    1100,
    ['primary'],
  ],
  ['a name with a space', 'CreateCollection', create('made it', goodFields), 1100, ['made it']],
  ['a field twice', 'CreateCollection', create('made', [...goodFields, text]), 1100, ['title']],
  ['dimension 0', 'CreateCollection', create('made', [key, vectorOf(0)]), 1100, ['dim', '0']],
  [
    'dimension too large',
    'CreateCollection',
    create('made', [key, vectorOf(40_000)]),
    1100,
    ['dim', '40000'],
  ],
  [
    'dimension as a word',
    'CreateCollection',
    create('made', [key, vectorOf('many')]),
    1100,
    ['dim', 'many'],
  ],
  [
    'text without max_length',
    'CreateCollection',
    create('made', [key, { ...text, type_params: [] }, vectorOf(4)]),
    1100,
    ['title', 'max_length'],
  ],
  [
    'unknown field',
    'CreateIndex',
    {
      collection_name: name,
      field_name: 'stranger',
      extra_params: pairs({ index_type: 'FLAT', metric_type: 'L2' }),
    },
    1100,
    ['stranger'],
  ],
  ['unknown collection', 'DescribeCollection', { collection_name: 'nowhere' }, 100, ['nowhere']],
  ['unknown collection', 'LoadCollection', { collection_name: 'nowhere' }, 100, ['nowhere']],
  ['unknown collection', 'Flush', { collection_names: ['nowhere'] }, 100, ['nowhere']],
];

describe.skipIf(missing !== null)('bad input', () => {
  let server: ServerProcess | undefined;
  let wire: WireClient | undefined;
  let release = (): void => {};
  let removed: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    server = await new Promise<ServerProcess>((resolve, reject) => {
      removed = withTempDir(async (directory) => {
        const ended = new Promise<void>((end) => (release = end));
        await startServer({ dataDirectory: `${directory}/data` }).then(resolve, reject);
        await ended;
      });
    });
    wire = new WireClient(server.port);
    await wire.call('CreateCollection', create(name, goodFields));
    const flat = pairs({ index_type: 'FLAT', metric_type: 'L2' });
    await wire.call('CreateIndex', {
      collection_name: name,
      field_name: 'vector',
      extra_params: flat,
    });
    await wire.call('LoadCollection', { collection_name: name });
    await wire.call('Insert', insert({}));
  }, 60_000);

  afterAll(async () => {
    wire?.close();
    await server?.kill();
    release();
    await removed;
  });

  async function countRows(): Promise<string | undefined> {
    assert(wire !== undefined);
    const request = query('', { output_fields: ['count(*)'] });
    const reply = await wire.call<{
      fields_data: { scalars: { long_data: { data: string[] } } }[];
    }>('Query', request);
    return reply.fields_data[0]?.scalars.long_data.data[0];
  }

  test.for([...badInserts, ...badReads, ...badRest])(
    '%s: %s',
    async ([, rpc, request, code, words]) => {
      assert(wire !== undefined);
      const status = await wire.raw(rpc, request).then(statusOf, (error: Error) => ({
        code: -1,
        error_code: -1,
        reason: error.message,
      }));
      expect.soft(status.code, status.reason).toBe(code);
      expect.soft(status.error_code, 'the deprecated code is set too').not.toBe(0);
      for (const word of words)
        expect.soft(status.reason.toLowerCase()).toContain(word.toLowerCase());
      expect(await countRows(), 'nothing was written').toBe('1');
    },
  );

  test('a missing collection has both of its codes', async () => {
    assert(wire !== undefined);
    const status = statusOf(await wire.raw('DescribeCollection', { collection_name: 'nowhere' }));
    expect([status.code, status.error_code]).toEqual([100, 4]);
  });

  test('an oversize message is refused by the transport and the server lives', async () => {
    assert(wire !== undefined);
    const title = textColumn('x'.repeat(65 * 1024 * 1024));
    await expect(wire.raw('Insert', insert({ title }))).rejects.toMatchObject({ code: 8 });
    expect(await countRows()).toBe('1');
  });

  test.for(['Insert', 'Search', 'Query', 'CreateCollection'])('noise sent as %s', async (rpc) => {
    assert(wire !== undefined && server !== undefined);
    const noise = Uint8Array.from({ length: 300 }, (_, i) => (i * 89 + 13) % 256);
    const outcome = await wire.encoded(rpc, noise).then(statusOf, (error: Error) => error);
    if (!(outcome instanceof Error)) expect(outcome.code).not.toBe(0);
    expect(server.isAlive()).toBe(true);
    expect(await countRows()).toBe('1');
  });
});
