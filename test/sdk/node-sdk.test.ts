// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A newcomer's first program with the official Node SDK, unmodified: over gRPC and over REST.
// Milvus Lite does not serve this SDK's quick form, which names no index type, nor REST.

import { HttpClient, MilvusClient } from '@zilliz/milvus2-sdk-node';
import { describe, expect, test } from 'vitest';

import { missingServer, startServer, targetFromEnvironment } from '../support/server.ts';
import { withTempDir } from '../support/temp-dir.ts';

const target = targetFromEnvironment();
const missing = target === 'dipper' ? missingServer(target) : 'not served by Milvus Lite';

/** Runs with a fresh server's port and ends the server afterwards. */
async function withServer(work: (port: number) => Promise<void>): Promise<void> {
  await withTempDir(async (directory) => {
    const server = await startServer({ dataDirectory: `${directory}/data` });
    try {
      await work(server.port);
      expect(server.isAlive()).toBe(true);
    } finally {
      await server.kill();
    }
  });
}

const rows = Array.from({ length: 20 }, (_, id) => ({
  id,
  vector: [id, 1, 0, 0],
  color: id % 2 === 0 ? 'red' : 'blue',
}));

describe.skipIf(missing !== null)('the Node SDK', () => {
  test('over gRPC', { timeout: 60_000 }, () =>
    withServer(async (port) => {
      const client = new MilvusClient({ address: `127.0.0.1:${port}`, logLevel: 'error' });
      await client.connectPromise;
      const collection_name = 'node_sdk';
      const made = await client.createCollection({
        collection_name,
        dimension: 4,
        metric_type: 'L2',
      });
      expect(made.error_code, made.reason).toBe('Success');
      expect((await client.hasCollection({ collection_name })).value).toBe(true);
      const inserted = await client.insert({ collection_name, data: rows });
      expect(inserted.status.error_code, inserted.status.reason).toBe('Success');
      expect(inserted.insert_cnt).toBe('20');

      const found = await client.search({
        collection_name,
        data: [7, 1, 0, 0],
        limit: 3,
        output_fields: ['id', 'color'],
        filter: "color == 'blue'",
      });
      expect(found.results.map((hit) => [hit.id, hit['color']])).toEqual(
        expect.arrayContaining([['7', 'blue']]),
      );
      expect(found.results).toHaveLength(3);
      expect(found.results[0]).toMatchObject({ id: '7', score: 0 });

      const queried = await client.query({
        collection_name,
        filter: 'id in [3, 4]',
        output_fields: ['color'],
      });
      // This SDK leaves dynamic keys of a query in their own object.
      const colors = queried.data.map((row) => (row['$meta'] as { color: string }).color);
      expect(colors.sort()).toEqual(['blue', 'red']);
      const counted = await client.count({ collection_name });
      expect(counted.data).toBe(20);

      const deleted = await client.delete({ collection_name, ids: [3] });
      expect(deleted.status.error_code).toBe('Success');
      const got = await client.get({ collection_name, ids: [3, 4] });
      expect(got.data.map((row) => row['id'])).toEqual(['4']);

      const flushed = await client.flushSync({ collection_names: [collection_name] });
      expect(flushed.flushed).toBe(true);
      const dropped = await client.dropCollection({ collection_name });
      expect(dropped.error_code).toBe('Success');
      expect((await client.hasCollection({ collection_name })).value).toBe(false);
      await client.closeConnection();
    }),
  );

  test('over REST', { timeout: 60_000 }, () =>
    withServer(async (port) => {
      const client = new HttpClient({ endpoint: `http://127.0.0.1:${port}` });
      const collectionName = 'node_rest';
      const made = await client.createCollection({
        collectionName,
        dimension: 4,
        metricType: 'L2',
      });
      expect(made.code, made.message).toBe(0);
      expect((await client.hasCollection({ dbName: 'default', collectionName })).data.has).toBe(
        true,
      );
      const inserted = await client.insert({ collectionName, data: rows });
      expect(inserted.code, inserted.message).toBe(0);
      expect(inserted.data.insertCount).toBe(20);
      const found = await client.search({
        collectionName,
        data: [[7, 1, 0, 0]],
        annsField: 'vector',
        limit: 2,
        outputFields: ['color'],
      });
      expect(found.code, found.message).toBe(0);
      expect(found.data[0]).toMatchObject({ distance: 0, color: 'blue' });
      const queried = await client.query({
        collectionName,
        filter: 'id == 4',
        outputFields: ['*'],
      });
      expect(queried.data).toMatchObject([{ color: 'red' }]);
      const dropped = await client.dropCollection({ dbName: 'default', collectionName });
      expect(dropped.code).toBe(0);
    }),
  );
});
