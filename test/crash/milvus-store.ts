// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The store of the crash lane on a real server: two collections that differ in what can break
// (Int64 keys and an exact index; VarChar keys and an HNSW graph), clients dealt between them,
// every read Strong. Only the bare wire client is used: nothing may be sent twice by itself.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  encodeMessage,
  pairs,
  placeholderGroup,
  type WireClient,
  type WireField,
} from '../support/milvus-wire.ts';
import { targetFromEnvironment } from '../support/server.ts';
import type { Operation } from './operation.ts';
import type { NearestRow, Store, StoredRow } from './verify.ts';
import { noteOf, payloadOf, vectorDimension, vectorOf } from './version-tag.ts';
import { keysPerClient } from './workload.ts';

interface CrashCollection {
  readonly name: string;
  readonly textKeys: boolean;
  readonly index: Readonly<Record<string, string>>;
  readonly search: Readonly<Record<string, number>>;
  /** The share of rows that must find themselves. */
  readonly recallFloor: number;
}

const exact: CrashCollection = {
  name: 'crash_exact',
  textKeys: false,
  index: { index_type: 'FLAT', metric_type: 'L2' },
  search: {},
  recallFloor: 1,
};

const graph: CrashCollection = {
  name: 'crash_graph',
  textKeys: true,
  index: { index_type: 'HNSW', metric_type: 'L2', M: '16', efConstruction: '100' },
  search: { ef: 128 },
  recallFloor: 0.95,
};

const collections: readonly CrashCollection[] = [exact, graph];
const types = { int64: 5, varChar: 21, json: 23, floatVector: 101 };

/** The share of own-vector searches of this client that must succeed. */
export function recallFloorOf(client: number): number {
  return collectionOf(client).recallFloor;
}

/** Makes the collections, indexes and loads them. */
export async function createCollections(wire: WireClient): Promise<void> {
  for (const collection of collections) {
    const collection_name = collection.name;
    const key = collection.textKeys
      ? { data_type: types.varChar, type_params: pairs({ max_length: 32 }) }
      : { data_type: types.int64 };
    const schema = encodeMessage('schema.CollectionSchema', {
      name: collection_name,
      enable_dynamic_field: true,
      fields: [
        { name: 'key', is_primary_key: true, ...key },
        { name: 'version', data_type: types.int64 },
        { name: 'payload', data_type: types.varChar, type_params: pairs({ max_length: 256 }) },
        {
          name: 'vector',
          data_type: types.floatVector,
          type_params: pairs({ dim: vectorDimension }),
        },
      ],
    });
    await wire.call('CreateCollection', { collection_name, schema, shards_num: 1 });
    const extra_params = pairs(collection.index);
    await wire.call('CreateIndex', { collection_name, field_name: 'vector', extra_params });
    await wire.call('LoadCollection', { collection_name, replica_number: 1 });
  }
  await waitLoaded(wire);
}

/** Waits until every collection is loaded, as after a restart. */
export async function waitLoaded(wire: WireClient, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (const { name } of collections) {
    // The wish to be loaded survives a restart; Milvus Lite alone has to be asked again.
    if (targetFromEnvironment() === 'milvus-lite') {
      await wire.call('LoadCollection', { collection_name: name, replica_number: 1 });
    }
    for (;;) {
      const request = { collection_name: name };
      const reply = await wire.raw<{ progress: string }>('GetLoadingProgress', request);
      if (reply.progress === '100') break;
      assert(performance.now() < deadline, `${name} is not loaded after ${timeoutMs} ms`);
      await sleep(10);
    }
  }
}

/** Sends one operation and returns when it is acknowledged. */
export async function perform(wire: WireClient, operation: Operation): Promise<void> {
  const collection = collectionOf(operation.client);
  const collection_name = collection.name;
  if (operation.kind === 'delete') {
    const expr = keyFilter(collection, operation.keys);
    await wire.call('Delete', { collection_name, expr });
    return;
  }
  const reply = await wire.call<{ insert_cnt: string }>('Insert', {
    collection_name,
    num_rows: operation.keys.length,
    fields_data: columnsOf(collection, operation.keys, operation.versions.map(BigInt)),
  });
  assert.equal(reply.insert_cnt, String(operation.keys.length), 'rows acknowledged');
}

/** Starts a flush of everything and returns when the server says that it is done. */
export async function flushEverything(wire: WireClient): Promise<void> {
  const names = collections.map(({ name }) => name);
  const reply = await wire.call<{
    coll_segIDs?: Record<string, { data: string[] }>;
    coll_flush_ts?: Record<string, string>;
  }>('Flush', { collection_names: names });
  for (const collection_name of names) {
    const segmentIDs = reply.coll_segIDs?.[collection_name]?.data ?? [];
    const flush_ts = reply.coll_flush_ts?.[collection_name] ?? '0';
    for (;;) {
      const request = { segmentIDs, flush_ts, collection_name };
      if ((await wire.call<{ flushed: boolean }>('GetFlushState', request)).flushed) break;
      await sleep(5);
    }
  }
}

/** What the verifier reads. */
export class MilvusStore implements Store {
  readonly #wire: WireClient;

  constructor(wire: WireClient) {
    this.#wire = wire;
  }

  async scan(client: number): Promise<StoredRow[]> {
    return this.#rows(collectionOf(client), rangeFilter(client));
  }

  async byKeys(client: number, keys: readonly number[]): Promise<StoredRow[]> {
    if (keys.length === 0) return [];
    const collection = collectionOf(client);
    return this.#rows(collection, keyFilter(collection, keys));
  }

  async count(client: number | 'all'): Promise<number> {
    if (client !== 'all') return this.#count(collectionOf(client), rangeFilter(client));
    let sum = 0;
    for (const collection of collections) sum += await this.#count(collection, '');
    return sum;
  }

  async nearest(client: number, vectors: readonly Float32Array[]): Promise<(NearestRow | null)[]> {
    const collection = collectionOf(client);
    const reply = await this.#wire.call<{
      results: {
        topks: string[];
        scores: number[];
        ids: { int_id?: { data: string[] }; str_id?: { data: string[] } };
      };
    }>('Search', {
      collection_name: collection.name,
      dsl_type: 1,
      placeholder_group: placeholderGroup(vectors),
      nq: vectors.length,
      search_params: pairs({
        anns_field: 'vector',
        topk: 1,
        metric_type: 'L2',
        params: JSON.stringify(collection.search),
      }),
      consistency_level: 0,
    });
    const { topks, scores, ids } = reply.results;
    const keys = ids.int_id?.data ?? ids.str_id?.data ?? [];
    let next = 0;
    return topks.map((topk) => {
      if (topk === '0') return null;
      const hit = { key: keyOf(keys[next]), distance: scores[next] ?? Number.NaN };
      next += 1;
      return hit;
    });
  }

  async #count(collection: CrashCollection, expr: string): Promise<number> {
    const fields = await this.#query(collection, expr, ['count(*)']);
    return Number(fields[0]?.scalars?.long_data?.data[0]);
  }

  async #rows(collection: CrashCollection, expr: string): Promise<StoredRow[]> {
    const outputs = ['key', 'version', 'payload', 'vector', 'note'];
    const fields = await this.#query(collection, expr, outputs);
    const column = (name: string): WireField | undefined =>
      fields.find((field) => field.field_name === name);
    const texts = (name: string): readonly string[] => {
      const scalars = column(name)?.scalars;
      return scalars?.long_data?.data ?? scalars?.string_data?.data ?? [];
    };
    const keys = texts('key');
    const versions = texts('version');
    const payloads = texts('payload');
    const vectors = column('vector')?.vectors?.float_vector?.data ?? [];
    const dynamic = fields.find((field) => field.is_dynamic)?.scalars?.json_data?.data ?? [];
    return keys.map((key, i) => ({
      key: keyOf(key),
      version: BigInt(versions[i] ?? 0),
      payload: payloads[i] ?? '',
      note: noteIn(dynamic[i]),
      vector: vectors.slice(i * vectorDimension, (i + 1) * vectorDimension),
    }));
  }

  async #query(
    collection: CrashCollection,
    expr: string,
    output_fields: readonly string[],
  ): Promise<readonly WireField[]> {
    const request = { collection_name: collection.name, expr, output_fields, consistency_level: 0 };
    return (await this.#wire.call<{ fields_data: WireField[] }>('Query', request)).fields_data;
  }
}

function collectionOf(client: number): CrashCollection {
  return client % 2 === 0 ? exact : graph;
}

function keyText(collection: CrashCollection, key: number): string {
  return collection.textKeys ? `k${String(key).padStart(9, '0')}` : String(key);
}

function keyLiteral(collection: CrashCollection, key: number): string {
  const text = keyText(collection, key);
  return collection.textKeys ? `"${text}"` : text;
}

function keyFilter(collection: CrashCollection, keys: readonly number[]): string {
  return `key in [${keys.map((key) => keyLiteral(collection, key)).join(', ')}]`;
}

function rangeFilter(client: number): string {
  const collection = collectionOf(client);
  const [from, to] = [client * keysPerClient, (client + 1) * keysPerClient];
  return `key >= ${keyLiteral(collection, from)} and key < ${keyLiteral(collection, to)}`;
}

function keyOf(text: string | undefined): number {
  return Number(text?.replace(/^k/, ''));
}

function noteIn(json: Uint8Array | undefined): string {
  if (json === undefined) return '';
  const value: unknown = JSON.parse(Buffer.from(json).toString());
  return typeof value === 'object' && value !== null && 'note' in value ? String(value.note) : '';
}

function columnsOf(
  collection: CrashCollection,
  keys: readonly number[],
  versions: readonly bigint[],
): object[] {
  const texts = keys.map((key) => keyText(collection, key));
  const vector = versions.flatMap((version) => [...vectorOf(version)]);
  const notes = versions.map((version) => Buffer.from(JSON.stringify({ note: noteOf(version) })));
  const field = (type: number, field_name: string, scalars: object): object => ({
    type,
    field_name,
    scalars,
  });
  return [
    collection.textKeys
      ? field(types.varChar, 'key', { string_data: { data: texts } })
      : field(types.int64, 'key', { long_data: { data: texts } }),
    field(types.int64, 'version', { long_data: { data: versions.map(String) } }),
    field(types.varChar, 'payload', { string_data: { data: versions.map(payloadOf) } }),
    {
      type: types.floatVector,
      field_name: 'vector',
      vectors: { dim: vectorDimension, float_vector: { data: vector } },
    },
    { ...field(types.json, '$meta', { json_data: { data: notes } }), is_dynamic: true },
  ];
}
