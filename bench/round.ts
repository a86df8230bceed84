// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One round of one system: every chosen line once, each measurement over directories of its own.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { WireClient } from '../test/support/milvus-wire.ts';
import type { ServerProcess } from '../test/support/server.ts';
import {
  createCollection,
  encodeInserts,
  encodeSearches,
  flushAndIndex,
  loadCollection,
  searchIds,
  sendInserts,
} from './collection.ts';
import { neighbours, type Dataset, type Selection } from './dataset.ts';
import { measureInsert, type InsertFigures } from './lines/insert.ts';
import { findEf, measureSearch, type SearchFigures } from './lines/search.ts';
import { cpuMs, pssBytes } from './process-tree.ts';
import { runClient } from './python-client.ts';
import type { BenchSettings, Line } from './settings.ts';
import { startAnswering, type System } from './systems.ts';

/** What one round measured; a line that was not chosen is absent. */
export interface RoundFigures {
  firstAnswerMs?: number;
  inserts?: InsertFigures[];
  loadSeconds?: number;
  indexSeconds?: number;
  memoryMebibytes?: number;
  idleCpuPercent?: number;
  searches?: Record<'at95' | 'at99', SearchFigures>;
  filters?: Record<Exclude<Selection, 'all'>, SearchFigures>;
  fresh?: { p50Ms: number; p99Ms: number; searchesPerInsert: number };
  searchableAfterKillMs?: number;
}

const collection = 'fashion';
const settleMs = 30_000;
const freshTimes = 200;

/** Runs the chosen lines and returns their figures. */
export async function runRound(
  system: System,
  data: Dataset,
  settings: BenchSettings,
  say: (text: string) => void,
): Promise<RoundFigures> {
  const wants = (...lines: Line[]): boolean => lines.some((line) => settings.lines.includes(line));
  const figures: RoundFigures = {};
  if (wants('start')) {
    figures.firstAnswerMs = await inDirectory((directory) => firstAnswer(system, directory));
    say(`first answer after ${figures.firstAnswerMs.toFixed(0)} ms`);
  }
  if (wants('insert')) {
    figures.inserts = [];
    for (const durability of system.durabilities) {
      const one = await inDirectory((directory) =>
        measureInsert(system, durability, data, settings.insertRows, directory),
      );
      figures.inserts.push(one);
      say(
        `insert, ${one.durability}: ${one.rawRowsPerSecond.toFixed(0)} rows/s raw, ` +
          `${one.rawFourInFlightRowsPerSecond.toFixed(0)} with four in flight, ` +
          `${one.pymilvusRowsPerSecond.toFixed(0)} through pymilvus`,
      );
    }
  }
  if (wants('memory', 'search', 'filter', 'fresh', 'recover')) {
    await inDirectory((directory) => servedLines(system, data, settings, directory, figures, say));
  }
  return figures;
}

async function firstAnswer(system: System, directory: string): Promise<number> {
  const { server, wire, answeredAfterMs } = await startAnswering(system, directory);
  wire.close();
  await server.kill();
  return answeredAfterMs;
}

/** The lines that need the whole data set loaded and indexed. */
async function servedLines(
  system: System,
  data: Dataset,
  settings: BenchSettings,
  directory: string,
  figures: RoundFigures,
  say: (text: string) => void,
): Promise<void> {
  const wants = (line: Line): boolean => settings.lines.includes(line);
  const { server, wire } = await startAnswering(system, directory);
  let open: { server: ServerProcess; wire: WireClient } = { server, wire };
  try {
    await fill(wire, data, figures, say);
    if (wants('memory')) await memory(server, figures, say);
    if (wants('search') || wants('filter')) {
      await searches(server, data, settings, figures, say);
    }
    if (wants('fresh')) {
      const args = [collection, String(data.dimension), String(freshTimes)];
      const fresh = await runClient(system, server.port, 'fresh.py', args);
      const { p50Ms = 0, p99Ms = 0, searchesPerInsert = 0 } = fresh;
      figures.fresh = { p50Ms, p99Ms, searchesPerInsert };
      say(`insert to first Strong hit: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`);
    }
    if (wants('recover')) {
      wire.close();
      await server.kill();
      const { afterMs, ...reopened } = await recover(system, data, directory);
      open = reopened;
      figures.searchableAfterKillMs = afterMs;
      say(`searchable ${afterMs.toFixed(0)} ms after kill -9 and start`);
    }
  } finally {
    open.wire.close();
    await open.server.kill();
  }
}

async function fill(
  wire: WireClient,
  data: Dataset,
  figures: RoundFigures,
  say: (text: string) => void,
): Promise<void> {
  await createCollection(wire, collection, data.dimension);
  const requests = encodeInserts(data, collection, data.rowCount);
  figures.loadSeconds = await sendInserts(wire, requests, 1);
  const startedAt = performance.now();
  await flushAndIndex(wire, collection);
  figures.indexSeconds = (performance.now() - startedAt) / 1000;
  await loadCollection(wire, collection);
  say(
    `${data.rowCount} rows in ${figures.loadSeconds.toFixed(1)} s, ` +
      `flushed and indexed in ${figures.indexSeconds.toFixed(1)} s`,
  );
}

async function memory(
  server: ServerProcess,
  figures: RoundFigures,
  say: (text: string) => void,
): Promise<void> {
  const before = await cpuMs(server.pid);
  await sleep(settleMs);
  figures.idleCpuPercent = (((await cpuMs(server.pid)) - before) / settleMs) * 100;
  figures.memoryMebibytes = (await pssBytes(server.pid)) / 2 ** 20;
  say(
    `memory ${figures.memoryMebibytes.toFixed(0)} MiB, ` +
      `idle ${figures.idleCpuPercent.toFixed(1)} % of a core`,
  );
}

async function searches(
  server: ServerProcess,
  data: Dataset,
  settings: BenchSettings,
  figures: RoundFigures,
  say: (text: string) => void,
): Promise<void> {
  const measure = async (ef: number, selection: Selection): Promise<SearchFigures> => {
    const one = await measureSearch(server, collection, data, ef, selection, settings.durationMs);
    say(
      `search ${selection}, ef ${one.ef}: recall ${one.recall.toFixed(4)}, ` +
        `${one.serverCpuMsPerQuery.toFixed(3)} ms CPU a query, ` +
        `${one.queriesPerSecond.toFixed(0)} queries/s, p99 ${one.p99Ms.toFixed(1)} ms`,
    );
    return one;
  };
  const ef95 = await findEf(server, collection, data, 0.95);
  if (settings.lines.includes('search')) {
    const at95 = await measure(ef95, 'all');
    const at99 = await measure(await findEf(server, collection, data, 0.99), 'all');
    figures.searches = { at95, at99 };
  }
  if (settings.lines.includes('filter')) {
    const percent1 = await measure(ef95, 'percent1');
    figures.filters = { percent1, percent10: await measure(ef95, 'percent10') };
  }
}

/** Starts over a killed server's directory and waits until a search finds all it should. */
async function recover(
  system: System,
  data: Dataset,
  directory: string,
): Promise<{ server: ServerProcess; wire: WireClient; afterMs: number }> {
  const { server, wire } = await startAnswering(system, directory);
  if (system.forgetsLoad) await loadCollection(wire, collection);
  const [request] = encodeSearches(data.tuning.slice(0, 1), collection, 64);
  for (;;) {
    const ids = await searchIds(wire, request ?? new Uint8Array()).catch(() => []);
    const afterMs = performance.now() - server.startedAtMs;
    if (ids.length === neighbours) return { server, wire, afterMs };
    await sleep(10);
  }
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'dipper-bench-'));
  try {
    return await work(join(directory, 'data'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
