// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The door through the official Node SDK, unmodified, on a database without an engine: what the SDK
// sends is understood, what it reads is there.

import { DataType, MetricType, MilvusClient } from '@zilliz/milvus2-sdk-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeDescriptors } from '../../scripts/proto-descriptors.mjs';
import {
  FakeDatabase,
  int64Keys,
  testBatch,
  testColumn,
} from '../../test/support/fake-database.ts';
import { systemClock } from '../core/index.ts';
import { fieldByName, type FieldSchema, metaField, type CollectionSchema } from '../model/index.ts';
import { type Door, openDoor } from './door.ts';
import { decodeMessage } from './grpc/wire/message.ts';

const fake = new FakeDatabase();
let door: Door;
let client: MilvusClient;

beforeAll(async () => {
  writeDescriptors();
  door = await openDoor({ host: '127.0.0.1', port: 0 }, { database: fake, clock: systemClock });
  client = new MilvusClient({ address: `127.0.0.1:${door.address.port}`, logLevel: 'error' });
  await client.connectPromise;
});

afterAll(async () => {
  await client.closeConnection();
  await door.close();
});

function field(schema: CollectionSchema, name: string): FieldSchema {
  const found = fieldByName(schema, name);
  if (found === null) throw new TypeError(`no field ${name}`);
  return found;
}

test('connects, and tells its version and health', async () => {
  expect((await client.getVersion()).version).toBe('v3.0.0');
  expect((await client.checkHealth()).isHealthy).toBe(true);
  expect((await client.listDatabases()).db_names).toEqual(['default']);
});

test('creates, describes, indexes, loads, lists and drops a collection', async () => {
  expect((await client.hasCollection({ collection_name: 'books' })).value).toBe(false);
  const created = await client.createCollection({
    collection_name: 'books',
    fields: [
      { name: 'id', data_type: DataType.Int64, is_primary_key: true, autoID: false },
      {
        name: 'title',
        data_type: DataType.VarChar,
        max_length: 64,
        nullable: true,
        default_value: 'none',
      },
      { name: 'vector', data_type: DataType.FloatVector, dim: 4 },
    ],
    enable_dynamic_field: true,
  });
  expect(created).toMatchObject({ error_code: 'Success', code: 0 });
  const described = await client.describeCollection({ collection_name: 'books' });
  expect(described.schema.fields.map((one) => [one.name, one.data_type])).toEqual([
    ['id', 'Int64'],
    ['title', 'VarChar'],
    ['vector', 'FloatVector'],
  ]);
  expect(described.schema.fields[2]?.type_params).toEqual([{ key: 'dim', value: '4' }]);
  expect(described.schema.enable_dynamic_field).toBe(true);
  expect(described.update_timestamp_str).toMatch(/^\d{18}$/);
  expect(described).toMatchObject({
    collection_name: 'books',
    consistency_level: 'Bounded',
    shards_num: 1,
    num_partitions: '1',
  });
  const index = {
    collection_name: 'books',
    field_name: 'vector',
    index_type: 'HNSW',
    metric_type: MetricType.L2,
    params: { M: 16, efConstruction: 100 },
  };
  expect((await client.createIndex(index)).error_code).toBe('Success');
  const [shown] = (await client.describeIndex({ collection_name: 'books' })).index_descriptions;
  expect(shown).toMatchObject({ field_name: 'vector', state: 'Finished' });
  expect(Object.fromEntries(shown?.params.map((one) => [one.key, one.value]) ?? [])).toMatchObject({
    index_type: 'HNSW',
    M: '16',
    metric_type: 'L2',
  });
  expect((await client.getIndexState({ collection_name: 'books' })).state).toBe('Finished');
  expect((await client.loadCollectionSync({ collection_name: 'books' })).error_code).toBe(
    'Success',
  );
  expect((await client.getLoadState({ collection_name: 'books' })).state).toBe('LoadStateLoaded');
  expect((await client.listCollections()).data.map((one) => one.name)).toEqual(['books']);
  expect((await client.showPartitions({ collection_name: 'books' })).partition_names).toEqual([
    '_default',
  ]);
  expect((await client.flushSync({ collection_names: ['books'] })).status.code).toBe(0);
});

test('inserts hand the whole request on, with its header read', async () => {
  const reply = await client.insert({
    collection_name: 'books',
    data: [
      { id: 1, title: 'one', vector: [1, 2, 3, 4], color: 'red' },
      { id: 2, title: null, vector: [5, 6, 7, 8], pages: 12 },
    ],
  });
  expect(reply).toMatchObject({
    insert_cnt: '2',
    succ_index: [0, 1],
    status: { error_code: 'Success' },
  });
  expect(reply.IDs).toMatchObject({ int_id: { data: ['9007199254740993', '9007199254740994'] } });
  const call = fake.calls.at(-1);
  if (call?.verb !== 'insert' || call.request.rows.kind !== 'protobuf')
    throw new TypeError('no insert came');
  expect(call.request).toMatchObject({ collection: 'books', rowCount: 2, partition: '' });
  expect(call.request.schemaTimestamp).toBeGreaterThan(0n);
  const sent = decodeMessage('milvus.InsertRequest', call.request.rows.request);
  expect(
    sent
      .messages('fields_data')
      .map((one) => one.text('field_name'))
      .sort(),
  ).toEqual(['$meta', 'id', 'title', 'vector']);
});

test('searches with parameters, and reads rows with keys, nulls and dynamic fields', async () => {
  fake.searchAnswer = (_request, schema) => ({
    schema,
    counts: Uint32Array.of(2),
    scores: Float32Array.of(0.5, 1.25),
    keys: int64Keys(1n, 2n ** 60n),
    output: {
      names: ['id', 'title', 'color'],
      dynamicKeys: ['color'],
      rows: testBatch(2, [
        testColumn(field(schema, 'title'), ['one', null]),
        testColumn(metaField, ['{"color": "red", "pages":1}', '{"pages": 12}']),
      ]),
    },
  });
  const found = await client.search({
    collection_name: 'books',
    data: [1, 2, 3, 4],
    limit: 2,
    filter: 'id > 0',
    params: { ef: 64 },
    output_fields: ['id', 'title', 'color'],
  });
  expect(found.status.error_code).toBe('Success');
  expect(found.results).toMatchObject([
    { id: '1', title: 'one', score: 0.5, color: 'red' },
    { id: '1152921504606846976', title: null, score: 1.25 },
  ]);
  const call = fake.calls.at(-1);
  if (call?.verb !== 'search') throw new TypeError('no search came');
  expect(call.request).toMatchObject({
    collection: 'books',
    limit: 2,
    offset: 0,
    filter: 'id > 0',
    queryType: 101,
  });
  expect(Number(call.request.params['ef'])).toBe(64);
  const [query] = call.request.queries;
  expect([...new Float32Array(new Uint8Array(query ?? []).buffer)]).toEqual([1, 2, 3, 4]);
});

test('queries rows, counts, deletes', async () => {
  fake.queryAnswer = (_request, schema) => ({
    kind: 'rows',
    schema,
    output: {
      names: ['vector'],
      dynamicKeys: null,
      rows: testBatch(1, [
        testColumn(field(schema, 'id'), [7n]),
        testColumn(field(schema, 'vector'), [[1, 2, 3, 4]]),
      ]),
    },
  });
  const rows = await client.query({
    collection_name: 'books',
    filter: 'id == 7',
    output_fields: ['vector'],
  });
  expect(rows.data).toEqual([{ id: '7', vector: [1, 2, 3, 4] }]);
  fake.queryAnswer = (_request, schema) => ({ kind: 'count', schema, count: 42 });
  expect((await client.count({ collection_name: 'books' })).data).toBe(42);
  const deleted = await client.deleteEntities({
    collection_name: 'books',
    filter: 'id in [1, 2, 3]',
  });
  expect(deleted.delete_cnt).toBe('3');
});

test('errors carry both numbers, and an unbuilt RPC says so', async () => {
  const missing = await client.describeCollection({ collection_name: 'nowhere' });
  expect(missing.status).toMatchObject({
    error_code: 'CollectionNotExists',
    code: 100,
    reason: 'collection not found[database=default][collection=nowhere]',
  });
  const unbuilt = await client.listUsers();
  expect(unbuilt.status).toMatchObject({ error_code: 'UnexpectedError', code: 10 });
  await client.dropCollection({ collection_name: 'books' });
  expect((await client.hasCollection({ collection_name: 'books' })).value).toBe(false);
});
