// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Server processor time a query, at equal recall. The ef that reaches a recall is found on tuning
// queries; then eight clients send the measured queries, one vector each, and the processor time of
// the server's process tree is divided by the number of queries. Recall is that of the measured.

import { WireClient } from '../../test/support/milvus-wire.ts';
import { encodeSearches, searchIds } from '../collection.ts';
import { neighbours, type Dataset, type Query, type Selection } from '../dataset.ts';
import { cpuMs } from '../process-tree.ts';

/** A server that serves the collection. */
export interface Serving {
  readonly pid: number;
  readonly port: number;
}

export interface SearchFigures {
  readonly ef: number;
  readonly recall: number;
  readonly serverCpuMsPerQuery: number;
  readonly queriesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly queries: number;
}

const clients = 8;
const recallMargin = 0.003; // the tuning queries are a sample; the measured ones must reach it too
const efSteps = [
  10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 200, 256, 384, 512,
];

/** The smallest ef of the list that reaches a recall on the tuning queries, with a margin. */
export async function findEf(
  serving: Serving,
  collection: string,
  data: Dataset,
  recallWanted: number,
): Promise<number> {
  const wires = Array.from({ length: clients }, () => new WireClient(serving.port));
  try {
    for (const ef of efSteps) {
      const recall = await recallOf(wires, collection, data.tuning, ef);
      if (recall >= recallWanted + recallMargin) return ef;
    }
    return efSteps.at(-1) ?? neighbours;
  } finally {
    for (const wire of wires) wire.close();
  }
}

async function recallOf(
  wires: readonly WireClient[],
  collection: string,
  queries: readonly Query[],
  ef: number,
): Promise<number> {
  const requests = encodeSearches(queries, collection, ef);
  let found = 0;
  let next = 0;
  const client = async (wire: WireClient): Promise<void> => {
    for (let i = next++; i < requests.length; i = next++) {
      const ids = await searchIds(wire, requests[i] ?? new Uint8Array());
      found += hitsOf(queries[i], ids, 'all');
    }
  };
  await Promise.all(wires.map(client));
  return found / (queries.length * neighbours);
}

function hitsOf(query: Query | undefined, ids: readonly number[], selection: Selection): number {
  return ids.filter((id) => query?.truth[selection].has(id)).length;
}

/** Sends the measured queries round and round for a while and reports what they cost. */
export async function measureSearch(
  serving: Serving,
  collection: string,
  data: Dataset,
  ef: number,
  selection: Selection,
  durationMs: number,
): Promise<SearchFigures> {
  const requests = encodeSearches(data.measured, collection, ef, selection);
  const latencies: number[] = [];
  let found = 0;
  let next = 0;
  let until = 0;
  const client = async (wire: WireClient, isWarmUp: boolean): Promise<void> => {
    while (performance.now() < until) {
      const i = next++ % requests.length;
      const request = requests[i] ?? new Uint8Array();
      const startedAt = performance.now();
      const ids = await searchIds(wire, request);
      if (isWarmUp) continue;
      latencies.push(performance.now() - startedAt);
      found += hitsOf(data.measured[i], ids, selection);
    }
  };
  const wires = Array.from({ length: clients }, () => new WireClient(serving.port));
  until = performance.now() + Math.min(1_000, durationMs / 4);
  await Promise.all(wires.map((wire) => client(wire, true)));
  next = 0;
  const cpuBefore = await cpuMs(serving.pid);
  const startedAt = performance.now();
  until = startedAt + durationMs;
  await Promise.all(wires.map((wire) => client(wire, false)));
  const elapsedMs = performance.now() - startedAt;
  const cpuSpentMs = (await cpuMs(serving.pid)) - cpuBefore;
  for (const wire of wires) wire.close();
  latencies.sort((a, b) => a - b);
  const queries = latencies.length;
  return {
    ef,
    recall: found / (queries * neighbours),
    serverCpuMsPerQuery: cpuSpentMs / queries,
    queriesPerSecond: (queries * 1000) / elapsedMs,
    p50Ms: latencies[Math.floor(queries * 0.5)] ?? Number.NaN,
    p99Ms: latencies[Math.floor(queries * 0.99)] ?? Number.NaN,
    queries,
  };
}
