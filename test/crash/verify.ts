// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Compares a store with what the oracle knows. For each client first the request in doubt is
// settled: the store must look as if it had happened in full, or not at all. Then every key is
// compared, by scan and by key, every row's four copies of its version, count(*), and a search for
// a row's own vector must return that row. Returns every violation it finds, in words.

import {
  applyOperation,
  copyRows,
  countRows,
  type ClientRows,
  type Operation,
} from './operation.ts';
import type { ClientKnowledge } from './oracle.ts';
import { noteOf, payloadOf, vectorOf } from './version-tag.ts';

/** A row as a store returns it. */
export interface StoredRow {
  readonly key: number;
  readonly version: bigint;
  readonly payload: string;
  readonly note: string;
  readonly vector: ArrayLike<number>;
}

/** The nearest row to a vector. */
export interface NearestRow {
  readonly key: number;
  readonly distance: number;
}

/** What the verifier asks of a store; reads are strong. */
export interface Store {
  /** Every visible row whose key belongs to the client. */
  scan(client: number): Promise<readonly StoredRow[]>;
  /** The visible rows of these keys. */
  byKeys(client: number, keys: readonly number[]): Promise<readonly StoredRow[]>;
  /** count(*) over the client's keys, or over everything. */
  count(client: number | 'all'): Promise<number>;
  /** For each vector its nearest row. */
  nearest(
    client: number,
    vectors: readonly Float32Array[],
  ): Promise<readonly (NearestRow | null)[]>;
}

/** How far a verification looks. */
export interface VerifyOptions {
  /** Own-vector searches a client. */
  readonly searches: number;
  /** The share of own-vector searches that must return their row; 1 for an exact index. */
  readonly recallFloor: number;
}

export interface Verdict {
  readonly violations: readonly string[];
  /** Requests that were in doubt, and which way the store decided. */
  readonly settled: readonly { readonly id: number; readonly happened: boolean }[];
  readonly rowsChecked: number;
}

/** Verifies the whole store against what is known of each client. */
export async function verifyStore(
  store: Store,
  known: readonly ClientKnowledge[],
  optionsOf: (client: number) => VerifyOptions,
): Promise<Verdict> {
  const violations: string[] = [];
  const settled: { id: number; happened: boolean }[] = [];
  let rowsChecked = 0;
  let expectedTotal = 0;
  for (const [client, knowledge] of known.entries()) {
    const scanned = await store.scan(client);
    const count = await store.count(client);
    const { rows, happened, problems } = settle(knowledge, scanned, count);
    if (knowledge.inDoubt !== null) settled.push({ id: knowledge.inDoubt.id, happened });
    violations.push(...problems.map((problem) => `client ${client}: ${problem}`));
    const keys = [...knowledge.touched];
    const fetched = await store.byKeys(client, keys);
    const byKey = compareRows(rows, fetched).map((text) => `client ${client}, by key: ${text}`);
    violations.push(...byKey);
    violations.push(...(await compareSearches(store, client, rows, optionsOf(client))));
    rowsChecked += scanned.length + fetched.length;
    expectedTotal += countRows(rows);
  }
  const total = await store.count('all');
  if (total !== expectedTotal) {
    violations.push(`count(*) of everything is ${total}, expected ${expectedTotal}`);
  }
  return { violations, settled, rowsChecked };
}

/** Decides a request in doubt by what the store shows; a store that fits neither way is wrong. */
function settle(
  knowledge: ClientKnowledge,
  scanned: readonly StoredRow[],
  count: number,
): { rows: ClientRows; happened: boolean; problems: string[] } {
  const without = problemsOf(knowledge.rows, scanned, count);
  if (knowledge.inDoubt === null || without.length === 0) {
    return { rows: knowledge.rows, happened: false, problems: without };
  }
  const after = copyRows(knowledge.rows);
  applyOperation(after, knowledge.inDoubt);
  const withIt = problemsOf(after, scanned, count);
  if (withIt.length === 0) return { rows: after, happened: true, problems: [] };
  const happened = withIt.length < without.length;
  const doubt = `with ${describe(knowledge.inDoubt)} in doubt, which fits neither way`;
  const problems = (happened ? withIt : without).map((text) => `${text} (${doubt})`);
  return { rows: happened ? after : knowledge.rows, happened, problems };
}

function problemsOf(rows: ClientRows, scanned: readonly StoredRow[], count: number): string[] {
  const problems = compareRows(rows, scanned);
  const expected = countRows(rows);
  if (count !== expected) problems.push(`count(*) is ${count}, expected ${expected}`);
  return problems;
}

function compareRows(rows: ClientRows, stored: readonly StoredRow[]): string[] {
  const problems: string[] = [];
  const seen = new Set<number>();
  for (const row of stored) {
    if (seen.has(row.key)) problems.push(`key ${row.key} is doubled`);
    seen.add(row.key);
    const versions = rows.get(row.key);
    const newest = versions?.at(-1);
    if (newest === undefined) {
      problems.push(`key ${row.key} is resurrected or invented, version ${row.version}`);
    } else if (row.version !== newest) {
      const older = versions?.includes(row.version) === true ? 'an older' : 'an unknown';
      problems.push(`key ${row.key} shows ${older} version ${row.version}, not ${newest}`);
    }
    problems.push(...compareCopies(row));
  }
  for (const key of rows.keys()) {
    if (!seen.has(key)) problems.push(`key ${key} is lost`);
  }
  return problems;
}

/** The four copies of a version in one row must agree. */
function compareCopies(row: StoredRow): string[] {
  const problems: string[] = [];
  if (row.payload !== payloadOf(row.version)) {
    problems.push(`key ${row.key}, version ${row.version}: payload is ${row.payload}`);
  }
  if (row.note !== noteOf(row.version)) {
    problems.push(`key ${row.key}, version ${row.version}: dynamic key is ${row.note}`);
  }
  const vector = vectorOf(row.version);
  if (row.vector.length !== vector.length || vector.some((value, i) => value !== row.vector[i])) {
    problems.push(`key ${row.key}, version ${row.version}: the vector is another row's`);
  }
  return problems;
}

async function compareSearches(
  store: Store,
  client: number,
  rows: ClientRows,
  options: VerifyOptions,
): Promise<string[]> {
  const step = Math.max(1, Math.floor(rows.size / options.searches));
  const sample = [...rows].filter((_, i) => i % step === 0).slice(0, options.searches);
  if (sample.length === 0) return [];
  const newest = sample.map(([key, versions]) => ({ key, version: versions.at(-1) ?? 0n }));
  const hits = await store.nearest(
    client,
    newest.map(({ version }) => vectorOf(version)),
  );
  const missed = newest.filter(({ key }, i) => {
    const hit = hits[i];
    return hit === undefined || hit === null || hit.key !== key || hit.distance !== 0;
  });
  const found = 1 - missed.length / newest.length;
  if (found >= options.recallFloor) return [];
  const example = newest.findIndex(({ key }) => key === missed[0]?.key);
  return [
    `client ${client}: ${missed.length} of ${newest.length} rows do not find themselves; ` +
      `key ${missed[0]?.key} found ${JSON.stringify(hits[example] ?? null)}`,
  ];
}

function describe(operation: Operation): string {
  return `${operation.kind} ${operation.id} of ${operation.keys.length} keys`;
}
