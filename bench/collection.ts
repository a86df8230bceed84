// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The collection that every line uses, over the bare wire client: Int64 key, a random share for the
// filters, the image as a vector, HNSW with M=16 and efConstruction=200 under L2.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  encodeMessage,
  pairs,
  placeholderGroup,
  type WireClient,
} from '../test/support/milvus-wire.ts';
import { filterOf, neighbours, type Dataset, type Query, type Selection } from './dataset.ts';

export const batchRows = 1_000;
const types = { int64: 5, floatVector: 101 };

/** Makes the collection, with or without its index, and loads it. */
export async function createCollection(
  wire: WireClient,
  collection_name: string,
  dimension: number,
  properties: Readonly<Record<string, string>> = {},
): Promise<void> {
  const schema = encodeMessage('schema.CollectionSchema', {
    name: collection_name,
    fields: [
      { name: 'id', is_primary_key: true, data_type: types.int64 },
      { name: 'share', data_type: types.int64 },
      { name: 'vector', data_type: types.floatVector, type_params: pairs({ dim: dimension }) },
    ],
  });
  const request = { collection_name, schema, shards_num: 1, properties: pairs(properties) };
  await wire.call('CreateCollection', request, 60_000);
  const params = JSON.stringify({ M: 16, efConstruction: 200 });
  const extra_params = pairs({ index_type: 'HNSW', metric_type: 'L2', params });
  await wire.call('CreateIndex', { collection_name, field_name: 'vector', extra_params }, 60_000);
  await loadCollection(wire, collection_name);
}

/** Loads the collection and waits until it is. */
export async function loadCollection(wire: WireClient, collection_name: string): Promise<void> {
  await wire.call('LoadCollection', { collection_name, replica_number: 1 }, 60_000);
  for (;;) {
    const reply = await wire.call<{ progress: string }>('GetLoadingProgress', { collection_name });
    if (Number(reply.progress) >= 100) return;
    await sleep(20);
  }
}

/** Insert requests of a thousand rows, encoded before any clock runs. */
export function encodeInserts(
  data: Dataset,
  collection_name: string,
  rowCount: number,
): Uint8Array[] {
  const requests: Uint8Array[] = [];
  const { dimension } = data;
  for (let start = 0; start < rowCount; start += batchRows) {
    const count = Math.min(batchRows, rowCount - start);
    const ids = Array.from({ length: count }, (_, i) => start + i);
    const share = ids.map((id) => Number(data.share[id]));
    const vectors = data.rows.subarray(start * dimension, (start + count) * dimension);
    const long = (field_name: string, values: number[]): object => ({
      type: types.int64,
      field_name,
      scalars: { long_data: { data: values } },
    });
    requests.push(
      encodeMessage('InsertRequest', {
        collection_name,
        num_rows: count,
        fields_data: [
          long('id', ids),
          long('share', share),
          {
            type: types.floatVector,
            field_name: 'vector',
            vectors: {
              dim: dimension,
              float_vector: { data: Array.from(vectors) },
            },
          },
        ],
      }),
    );
  }
  return requests;
}

/** Sends encoded inserts with some in flight and returns the seconds that took. */
export async function sendInserts(
  wire: WireClient,
  requests: readonly Uint8Array[],
  inFlight: number,
): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < requests.length; i = next++) {
      const request = requests[i];
      assert(request !== undefined);
      const reply = await wire.encoded<{ insert_cnt: string; status: { reason: string } }>(
        'Insert',
        request,
        120_000,
      );
      assert(Number(reply.insert_cnt) > 0, `insert refused: ${reply.status.reason}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (performance.now() - startedAt) / 1000;
}

/** Flushes and waits until the index covers every row. */
export async function flushAndIndex(wire: WireClient, collection_name: string): Promise<void> {
  const flushed = await wire.call<{
    coll_segIDs?: Record<string, { data: string[] }>;
    coll_flush_ts?: Record<string, string>;
  }>('Flush', { collection_names: [collection_name] }, 600_000);
  const segmentIDs = flushed.coll_segIDs?.[collection_name]?.data ?? [];
  const flush_ts = flushed.coll_flush_ts?.[collection_name] ?? '0';
  for (;;) {
    const request = { segmentIDs, flush_ts, collection_name };
    if ((await wire.call<{ flushed: boolean }>('GetFlushState', request)).flushed) break;
    await sleep(100);
  }
  for (;;) {
    const reply = await wire.call<{
      index_descriptions: { state: number; indexed_rows: string; total_rows: string }[];
    }>('DescribeIndex', { collection_name });
    const index = reply.index_descriptions[0];
    const isDone = index !== undefined && index.indexed_rows === index.total_rows;
    if (isDone && index.state === 3) return;
    await sleep(200);
  }
}

/** Search requests, encoded before any clock runs. */
export function encodeSearches(
  queries: readonly Query[],
  collection_name: string,
  ef: number,
  selection: Selection = 'all',
): Uint8Array[] {
  return queries.map(({ vector }) =>
    encodeMessage('SearchRequest', {
      collection_name,
      dsl: filterOf[selection],
      dsl_type: 1,
      placeholder_group: placeholderGroup([vector]),
      nq: 1,
      search_params: pairs({
        anns_field: 'vector',
        topk: neighbours,
        metric_type: 'L2',
        params: JSON.stringify({ ef }),
      }),
      guarantee_timestamp: 1, // eventual: what is measured is the search, not a wait
      consistency_level: 3,
    }),
  );
}

/** The ids a search found. */
export async function searchIds(wire: WireClient, request: Uint8Array): Promise<number[]> {
  const reply = await wire.encoded<{
    results?: { ids?: { int_id?: { data: string[] } } };
    status: { error_code: number; reason: string };
  }>('Search', request, 60_000);
  assert.equal(reply.status.error_code, 0, `search refused: ${reply.status.reason}`);
  return (reply.results?.ids?.int_id?.data ?? []).map(Number);
}
