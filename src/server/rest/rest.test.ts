// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// REST v2 over a real socket, on a database without an engine: routes, codes, headers, exact
// integers, and rows into a RowBatch with errors that name the field.

import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HttpClient } from '@zilliz/milvus2-sdk-node';
import { writeDescriptors } from '../../../scripts/proto-descriptors.mjs';
import {
  FakeDatabase,
  int64Keys,
  testBatch,
  testColumn,
} from '../../../test/support/fake-database.ts';
import { systemClock } from '../../core/index.ts';
import {
  type CollectionSchema,
  columnOf,
  type FieldSchema,
  fieldByName,
  isPresent,
  metaField,
  type RowBatch,
} from '../../model/index.ts';
import { type Door, openDoor } from '../door.ts';
import { floatText } from './render.ts';

let fake: FakeDatabase;
let door: Door;

beforeAll(() => {
  writeDescriptors();
});

beforeEach(async () => {
  await door?.close();
  fake = new FakeDatabase();
  door = await openDoor({ host: '127.0.0.1', port: 0 }, { database: fake, clock: systemClock });
});

afterAll(() => door.close());

async function post(
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`http://127.0.0.1:${door.address.port}/v2/vectordb/${path}`, {
    method: 'POST',
    body,
    headers,
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function data(
  path: string,
  body: string,
  headers?: Record<string, string>,
): Promise<unknown> {
  const { status, text } = await post(path, body, headers);
  expect(status).toBe(200);
  return JSON.parse(text);
}

function field(schema: CollectionSchema, name: string): FieldSchema {
  const found = fieldByName(schema, name);
  if (found === null) throw new TypeError(`no field ${name}`);
  return found;
}

const booksSchema = JSON.stringify({
  collectionName: 'books',
  schema: {
    enableDynamicField: true,
    fields: [
      { fieldName: 'id', dataType: 'Int64', isPrimary: true },
      {
        fieldName: 'title',
        dataType: 'VarChar',
        elementTypeParams: { max_length: 64 },
        nullable: true,
      },
      { fieldName: 'year', dataType: 'Int16' },
      { fieldName: 'price', dataType: 'Float', defaultValue: 1.5 },
      { fieldName: 'doc', dataType: 'JSON', nullable: true },
      { fieldName: 'new', dataType: 'Bool', nullable: true },
      { fieldName: 'vector', dataType: 'FloatVector', elementTypeParams: { dim: 2 } },
    ],
  },
  indexParams: [
    { fieldName: 'vector', indexName: 'v', metricType: 'L2', indexType: 'HNSW', params: { M: 16 } },
  ],
  params: { consistencyLevel: 'Strong', shardsNum: 2 },
});

function lastBatch(): RowBatch {
  const call = fake.calls.at(-1);
  if (call?.verb !== 'insert' || call.request.rows.kind !== 'batch')
    throw new TypeError('no insert came');
  return call.request.rows.batch;
}

describe('collections', () => {
  test('the quick form makes key, vector, index, and loads', async () => {
    expect(await data('collections/create', '{"collectionName":"quick","dimension":4}')).toEqual({
      code: 0,
      data: {},
    });
    expect(await data('collections/describe', '{"collectionName":"quick"}')).toMatchObject({
      code: 0,
      data: {
        collectionName: 'quick',
        autoId: false,
        enableDynamicField: true,
        load: 'LoadStateLoaded',
        consistencyLevel: 'Bounded',
        shardsNum: 1,
        fields: [
          { name: 'id', type: 'Int64', primaryKey: true },
          { name: 'vector', type: 'FloatVector', params: [{ key: 'dim', value: '4' }] },
        ],
        indexes: [{ fieldName: 'vector', indexName: 'vector', metricType: 'COSINE' }],
      },
    });
    expect(await data('collections/list', '{}')).toEqual({ code: 0, data: ['quick'] });
    expect(await data('collections/has', '{"collectionName":"quick"}')).toEqual({
      code: 0,
      data: { has: true },
    });
    await data('collections/release', '{"collectionName":"quick"}');
    expect(await data('collections/describe', '{"collectionName":"quick"}')).toMatchObject({
      data: { load: 'LoadStateNotLoad' },
    });
    await data('collections/load', '{"collectionName":"quick"}');
    expect(await data('collections/drop', '{"collectionName":"quick"}')).toEqual({
      code: 0,
      data: {},
    });
    expect(await data('collections/has', '{"collectionName":"quick"}')).toEqual({
      code: 0,
      data: { has: false },
    });
  });

  test('the quick form with names of its own and a text key', async () => {
    await data(
      'collections/create',
      '{"collectionName":"quick","dimension":4,"idType":"VarChar","autoID":true,"primaryFieldName":"pk","vectorFieldName":"v","metricType":"L2","params":{"max_length":99,"enableDynamicField":false}}',
    );
    expect(await data('collections/describe', '{"collectionName":"quick"}')).toMatchObject({
      data: {
        autoId: true,
        enableDynamicField: false,
        fields: [
          { name: 'pk', type: 'VarChar', params: [{ key: 'max_length', value: '99' }] },
          { name: 'v' },
        ],
        indexes: [{ metricType: 'L2' }],
      },
    });
  });

  test('a schema with indexParams is indexed and loaded, one without neither', async () => {
    await data('collections/create', booksSchema);
    expect(await data('collections/describe', '{"collectionName":"books"}')).toMatchObject({
      data: {
        load: 'LoadStateLoaded',
        consistencyLevel: 'Strong',
        shardsNum: 2,
        indexes: [{ indexName: 'v', metricType: 'L2' }],
      },
    });
    const [index] = await fake.describeIndexes({ database: '', collection: 'books' }, '', '');
    expect(index?.params).toEqual({ M: '16', index_type: 'HNSW', metric_type: 'L2' });
    const { indexParams: _left, ...bare } = JSON.parse(booksSchema) as Record<string, unknown>;
    await data('collections/create', JSON.stringify({ ...bare, collectionName: 'bare' }));
    expect(await data('collections/describe', '{"collectionName":"bare"}')).toMatchObject({
      data: { load: 'LoadStateNotLoad', indexes: [] },
    });
  });
});

describe('rows', () => {
  beforeEach(() => data('collections/create', booksSchema));

  test('an insert becomes columns by field id, exact, with nulls and dynamic keys', async () => {
    const rows =
      '[{"id":9007199254740993,"year":-32768,"title":"ü","doc":{"b": 1.0},"new":true,"vector":[1,2.5],"color":"red","n":{"deep": 1e2}},' +
      '{"id":"-5","year":7,"price":2,"doc":"[1]","vector":[3,4]}]';
    const reply = await post('entities/insert', `{"collectionName":"books","data":${rows}}`, {
      'Accept-Type-Allow-Int64': 'false',
    });
    expect(reply.text).toBe(
      '{"code":0,"data":{"insertCount":2,"insertIds":["9007199254740993","9007199254740994"]}}',
    );
    const batch = lastBatch();
    const { schema } = await fake.describeCollection({ database: '', collection: 'books' });
    const bytesOf = (name: string) =>
      columnOf(batch, field(schema, name).id)?.data ?? new Uint8Array(0);
    expect([...new BigInt64Array(bytesOf('id').slice().buffer)]).toEqual([9007199254740993n, -5n]);
    expect([...new Int16Array(bytesOf('year').slice().buffer)]).toEqual([-32768, 7]);
    expect([...new Float32Array(bytesOf('vector').slice().buffer)]).toEqual([1, 2.5, 3, 4]);
    expect(Buffer.from(bytesOf('title')).toString()).toBe('ü');
    expect(Buffer.from(bytesOf('doc')).toString()).toBe('{"b": 1.0}[1]');
    expect(Buffer.from(bytesOf('$meta')).toString()).toBe('{"color":"red","n":{"deep": 1e2}}{}');
    const title = columnOf(batch, field(schema, 'title').id);
    expect(title !== null && [isPresent(title, 0), isPresent(title, 1), title.nullCount]).toEqual([
      true,
      false,
      1,
    ]);
    expect(columnOf(batch, field(schema, 'price').id)?.nullCount).toBe(1);
    expect(batch.columns.map((column) => column.fieldId)).toEqual([
      2, 100, 101, 102, 103, 104, 105, 106,
    ]);
  });

  test.each([
    ['{"year":1,"vector":[1,2]}', /field id: expected Int64, received nothing/],
    ['{"id":"x","year":1,"vector":[1,2]}', /field id: expected Int64, received string "x"/],
    [
      '{"id":9223372036854775808,"year":1,"vector":[1,2]}',
      /field id: expected Int64 from -9223372036854775808/,
    ],
    [
      '{"id":1,"year":32768,"vector":[1,2]}',
      /field year: expected Int16 from -32768 to 32767, received 32768/,
    ],
    ['{"id":1,"year":1.5,"vector":[1,2]}', /field year: expected Int16, received number 1.5/],
    ['{"id":1,"year":null,"vector":[1,2]}', /field year: expected Int16, received null/],
    [
      '{"id":1,"year":1,"title":3,"vector":[1,2]}',
      /field title: expected VarChar, received number 3/,
    ],
    ['{"id":1,"year":1,"title":"\\ud800","vector":[1,2]}', /field title: expected text/],
    ['{"id":1,"year":1,"new":"yes","vector":[1,2]}', /field new: expected Bool/],
    ['{"id":1,"year":1,"price":1e39,"vector":[1,2]}', /field price: expected a Float/],
    ['{"id":1,"year":1,"vector":[1,2,3]}', /field vector: expected dim 2, received 3/],
    [
      '{"id":1,"year":1,"vector":[1,"2"]}',
      /field vector: expected a number at \[1\], received string "2"/,
    ],
    [
      '{"id":1,"year":1,"vector":{"a":1}}',
      /field vector: expected FloatVector, received an object/,
    ],
    ['{"id":1,"year":1,"vector":[1,2],"$meta":{}}', /field \$meta/],
    ['7', /data\[0\]: expected an object, received number 7/],
  ])('refuses %s', async (row, message) => {
    const reply = (await data('entities/insert', `{"collectionName":"books","data":[${row}]}`)) as {
      code: number;
      message: string;
    };
    expect(reply.code).toBe(1804);
    expect(reply.message).toMatch(message);
    expect(fake.calls).toEqual([]);
  });

  test('without a dynamic field an unknown key is refused', async () => {
    await data(
      'collections/create',
      '{"collectionName":"strict","dimension":2,"params":{"enableDynamicField":false}}',
    );
    expect(
      await data(
        'entities/insert',
        '{"collectionName":"strict","data":{"id":1,"vector":[1,2],"extra":1}}',
      ),
    ).toMatchObject({
      code: 1804,
      message: expect.stringContaining('field extra: expected a field of collection strict'),
    });
  });

  test('a search passes its parameters and shows keys, distances, nulls, exact integers', async () => {
    fake.searchAnswer = (_request, schema) => ({
      schema,
      counts: Uint32Array.of(1, 1),
      scores: Float32Array.of(0.1, 2),
      keys: int64Keys(2n ** 60n, 2n),
      output: {
        names: ['title', 'price', 'doc', 'vector', '$meta'],
        dynamicKeys: null,
        rows: testBatch(2, [
          testColumn(field(schema, 'title'), ['a', null]),
          testColumn(field(schema, 'price'), [0.3, 1e-7]),
          testColumn(field(schema, 'doc'), ['{"x": 1.0}', '[]']),
          testColumn(field(schema, 'vector'), [
            [0.1, 2],
            [3, 4],
          ]),
          testColumn(metaField, ['{"big":9007199254740993}', '{"__proto__": 1}']),
        ]),
      },
    });
    const body =
      '{"collectionName":"books","data":[[1,2],[3,4]],"annsField":"vector","limit":1,"offset":2,"filter":"id > {x}","exprParams":{"x":3},' +
      '"outputFields":["*"],"searchParams":{"metricType":"L2","params":{"ef":64},"ignore_growing":true},"consistencyLevel":"Strong"}';
    expect((await post('entities/search', body)).text).toBe(
      '{"code":0,"data":[{"title":"a","price":0.3,"doc":{"x": 1.0},"vector":[0.1,2],"big":9007199254740993,"id":1152921504606846976,"distance":0.1},' +
        '{"title":null,"price":1e-7,"doc":[],"vector":[3,4],"__proto__":1,"id":2,"distance":2}],"topks":[1,1]}',
    );
    const call = fake.calls.at(-1);
    expect(call?.request).toMatchObject({
      field: 'vector',
      limit: 1,
      offset: 2,
      metric: 'L2',
      params: { ef: 64 },
      ignoreGrowing: true,
      consistency: { level: 0, guarantee: 0n },
      templates: new Map([['x', 3n]]),
    });
  });

  test('query, count, get and delete', async () => {
    fake.queryAnswer = (request, schema) =>
      request.outputFields[0] === 'count(*)'
        ? { kind: 'count', schema, count: 12 }
        : {
            kind: 'rows',
            schema,
            output: {
              names: ['id', 'color'],
              dynamicKeys: ['color'],
              rows: testBatch(1, [
                testColumn(field(schema, 'id'), [2n ** 53n + 1n]),
                testColumn(metaField, ['{"color":"red","n":1}']),
              ]),
            },
          };
    const query = await post(
      'entities/query',
      '{"collectionName":"books","filter":"id > 0","outputFields":["color"]}',
      { 'Accept-Type-Allow-Int64': 'false' },
    );
    expect(query.text).toBe('{"code":0,"data":[{"id":"9007199254740993","color":"red"}]}');
    expect(fake.calls.at(-1)?.request).toMatchObject({ limit: 100, offset: 0, keys: null });
    expect(
      await data('entities/query', '{"collectionName":"books","outputFields":["count(*)"]}'),
    ).toEqual({ code: 0, data: [{ 'count(*)': 12 }] });
    expect(fake.calls.at(-1)?.request).toMatchObject({ limit: 0 });
    await data('entities/get', '{"collectionName":"books","id":[9007199254740993,"7"]}');
    expect(fake.calls.at(-1)?.request).toMatchObject({
      keys: int64Keys(9007199254740993n, 7n),
      outputFields: ['*'],
    });
    expect(await data('entities/get', '{"collectionName":"books","id":["x"]}')).toMatchObject({
      code: 1100,
      message: expect.stringContaining('field id: expected Int64'),
    });
    expect(
      await data('entities/delete', '{"collectionName":"books","filter":"id in [1]"}'),
    ).toEqual({ code: 0, data: {} });
    expect(fake.calls.at(-1)?.request).toMatchObject({ filter: 'id in [1]' });
  });
});

describe('protocol', () => {
  test.each([
    ['', 1801, /can only accept json format request/],
    ['[1]', 1801, /no JSON object/],
    ['{"a":1,"a":2}', 1801, /comes twice/],
    ['{"collectionName":', 1801, /expected a value/],
    ['{}', 1802, /missing required parameters, error: field collectionName is required/],
    ['{"collectionName":7}', 1100, /field collectionName: expected text/],
    [
      '{"collectionName":"nowhere"}',
      100,
      /collection not found\[database=default\]\[collection=nowhere\]/,
    ],
    ['{"collectionName":"x","dbName":"other"}', 800, /database not found\[database=other\]/],
  ])('%j is a business error', async (body, code, message) => {
    const reply = (await data('collections/describe', body, { 'Content-Type': 'text/plain' })) as {
      code: number;
      message: string;
    };
    expect(reply.code).toBe(code);
    expect(reply.message).toMatch(message);
  });

  test('the database may stand in a header', async () => {
    expect(await data('collections/list', '{}', { 'DB-Name': 'other' })).toMatchObject({
      code: 800,
    });
  });

  test('unknown paths and methods are plain 404, OPTIONS is 204 with CORS', async () => {
    expect((await post('collections/rename', '{}')).status).toBe(404);
    expect((await post('entities/constructor', '{}')).status).toBe(404);
    const url = `http://127.0.0.1:${door.address.port}/v2/vectordb/collections/list`;
    expect((await fetch(url)).status).toBe(404);
    const options = await fetch(url, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('access-control-allow-origin')]).toEqual([
      204,
      '*',
    ]);
  });

  test('a body over the limit is refused by its length, before it is read', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest({
        port: door.address.port,
        path: '/v2/vectordb/entities/insert',
        method: 'POST',
        headers: { 'Content-Length': 65 * 2 ** 20 },
      });
      request.on('response', (response) => resolve(response.statusCode));
      request.on('error', reject);
      request.write('{');
    });
    expect(status).toBe(413);
  });

  test('the first bytes may come one by one', async () => {
    const reply = await new Promise<string>((resolve, reject) => {
      const socket = connect(door.address.port, '127.0.0.1');
      const request =
        'POST /v2/vectordb/collections/list HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}';
      let text = '';
      socket.setNoDelay(true);
      const pieces = [...request.slice(0, 8), request.slice(8)];
      const writeNext = (): void => {
        const piece = pieces.shift();
        if (piece !== undefined) socket.write(piece, () => setImmediate(writeNext));
      };
      socket.on('connect', writeNext);
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(reply).toContain('{"code":0,"data":[]}');
  });

  test('the official HTTP client works', async () => {
    const client = new HttpClient({ endpoint: `http://127.0.0.1:${door.address.port}` });
    await client.createCollection({ collectionName: 'sdk', dimension: 2 });
    expect(await client.listCollections()).toMatchObject({ code: 0, data: ['sdk'] });
    const inserted = await client.insert({
      collectionName: 'sdk',
      data: [{ id: 1, vector: [1, 2] }],
    });
    expect(inserted).toMatchObject({
      code: 0,
      data: { insertCount: 1, insertIds: ['9007199254740993'] },
    });
  });
});

test('floats show the fewest digits that give them back', () => {
  expect(
    [0.1, 1 / 3, 16777216, 1e-45, 3.4028234663852886e38].map((one) => floatText(Math.fround(one))),
  ).toEqual(['0.1', '0.33333334', '16777216', '1.4013e-45', '3.4028235e+38']);
});
