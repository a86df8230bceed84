// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// REST v2 as a bare HTTP client sees it, on the same port as gRPC: the twelve calls of the first
// release, business errors as HTTP 200 with a code, 404 for what is not built, and 64-bit integers
// as strings when the client says that it cannot take them. Milvus Lite has no REST.

import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { missingServer, startServer, targetFromEnvironment } from '../support/server.ts';
import type { ServerProcess } from '../support/server.ts';
import { withTempDir } from '../support/temp-dir.ts';

const target = targetFromEnvironment();
const missing = target === 'dipper' ? missingServer(target) : 'Milvus Lite has no REST';

/** The body of a reply. */
interface Answer {
  readonly code: number;
  readonly message?: string;
  readonly data: unknown;
}

describe.skipIf(missing !== null)('REST v2', () => {
  let server: ServerProcess | undefined;
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
  }, 60_000);

  afterAll(async () => {
    await server?.kill();
    release();
    await removed;
  });

  function send(
    path: string,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    assert(server !== undefined);
    const url = `http://127.0.0.1:${server.port}/v2/vectordb/${path}`;
    return fetch(url, { method: 'POST', body, headers });
  }

  async function call(
    path: string,
    body: object,
    headers: Record<string, string> = { 'Content-Type': 'application/json' },
  ): Promise<Answer> {
    const response = await send(path, JSON.stringify(body), headers);
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  }

  async function succeed(
    path: string,
    body: object,
    headers?: Record<string, string>,
  ): Promise<unknown> {
    const answer = await call(path, body, headers);
    expect(answer.code, answer.message).toBe(0);
    return answer.data;
  }

  test('collections: quick create, has, list, describe', async () => {
    await succeed('collections/create', { collectionName: 'quick', dimension: 3 });
    expect(await succeed('collections/has', { collectionName: 'quick' })).toMatchObject({
      has: true,
    });
    expect(await succeed('collections/has', { collectionName: 'none' })).toMatchObject({
      has: false,
    });
    expect(await succeed('collections/list', {})).toContain('quick');
    expect(await succeed('collections/describe', { collectionName: 'quick' })).toMatchObject({
      collectionName: 'quick',
      load: 'LoadStateLoaded',
      enableDynamicField: true,
      fields: [
        { name: 'id', primaryKey: true, type: 'Int64' },
        { name: 'vector', type: 'FloatVector' },
      ],
    });
  });

  test('entities: insert, search, query, get, delete', async () => {
    const collectionName = 'entities';
    const metricType = 'L2';
    await succeed('collections/create', { collectionName, dimension: 3, metricType });
    const data = [1, 2, 3, 4].map((id) => ({ id, vector: [id, 0, 0], color: `c${id}` }));
    const inserted = await succeed('entities/insert', { collectionName, data });
    expect(inserted).toMatchObject({ insertCount: 4, insertIds: [1, 2, 3, 4] });
    const strong = { consistencyLevel: 'Strong' };
    const found = await succeed('entities/search', {
      collectionName,
      data: [[2.1, 0, 0]],
      annsField: 'vector',
      limit: 2,
      ...strong,
      outputFields: ['color'],
    });
    expect(found).toMatchObject([
      { id: 2, color: 'c2' },
      { id: 3, color: 'c3' },
    ]);
    const filter = 'color == "c3"';
    const queried = await succeed('entities/query', { collectionName, filter, ...strong });
    expect(queried).toEqual([{ id: 3, vector: [3, 0, 0], color: 'c3' }]);
    const got = await succeed('entities/get', { collectionName, id: [4], outputFields: ['color'] });
    expect(got).toEqual([{ id: 4, color: 'c4' }]);
    await succeed('entities/delete', { collectionName, filter: 'id in [1, 2]' });
    const left = await succeed('entities/query', { collectionName, filter: 'id > 0', ...strong });
    expect(left).toMatchObject([{ id: 3 }, { id: 4 }]);
  });

  test('64-bit integers keep their digits, as numbers or as strings', async () => {
    const collectionName = 'wide';
    await succeed('collections/create', { collectionName, dimension: 2 });
    const row = '{"id": 9007199254740993, "vector": [1, 0], "n": 9007199254740995}';
    const body = `{"collectionName": "wide", "data": [${row}]}`;
    expect(((await (await send('entities/insert', body)).json()) as Answer).code).toBe(0);
    const query = JSON.stringify({ collectionName, filter: 'id > 0', consistencyLevel: 'Strong' });
    const numbers = await (await send('entities/query', query)).text();
    expect(numbers).toMatch(/"id":\s*9007199254740993[,}]/);
    const headers = { 'Accept-Type-Allow-Int64': 'false' };
    const strings = await (await send('entities/query', query, headers)).text();
    expect(strings).toMatch(/"id":\s*"9007199254740993"/);
  });

  test('release, load and drop', async () => {
    const collectionName = 'loading';
    await succeed('collections/create', { collectionName, dimension: 2 });
    await succeed('collections/release', { collectionName });
    const search = { collectionName, data: [[1, 0]], annsField: 'vector' };
    expect((await call('entities/search', search)).code).toBe(101);
    await succeed('collections/load', { collectionName });
    expect(await succeed('entities/search', search)).toEqual([]);
    await succeed('collections/drop', { collectionName });
    expect(await succeed('collections/has', { collectionName })).toMatchObject({ has: false });
  });

  test('business errors are HTTP 200 with a code and a message', async () => {
    const missingCollection = await call('collections/describe', { collectionName: 'nowhere' });
    expect(missingCollection.code).toBe(100);
    expect(missingCollection.message).toContain('nowhere');
    await succeed('collections/create', { collectionName: 'strict', dimension: 2 });
    const data = [{ id: 1, vector: [1, 2, 3] }];
    const wrong = await call('entities/insert', { collectionName: 'strict', data });
    expect(wrong.code).not.toBe(0);
    expect(wrong.message).toContain('vector');
    expect((await call('collections/describe', {})).code).toBe(1802);
    const broken = await send('collections/list', '{"collectionName":');
    expect(broken.status).toBe(200);
    expect(((await broken.json()) as Answer).code).toBe(1801);
  });

  test('the body is JSON whatever its label', async () => {
    const headers = { 'Content-Type': 'text/plain' };
    expect(await succeed('collections/list', {}, headers)).toContain('strict');
  });

  test.for(['databases/list', 'collections/nonsense', 'nonsense'])('%s is 404', async (path) => {
    const response = await send(path, '{}');
    await response.arrayBuffer();
    expect(response.status).toBe(404);
  });

  test('the management port answers health and metrics', async () => {
    assert(server !== undefined);
    const metrics = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toMatch(/^# TYPE \w+ /m);
  });
});
