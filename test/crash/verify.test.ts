// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The verifier is tested before it is believed: a faithful store passes, and every kind of damage
// that the crash lane looks for, planted in an otherwise faithful store, is reported.

import { describe, expect, test } from 'vitest';

import { applyOperation, countRows, type ClientRows, type Operation } from './operation.ts';
import { knowledgeOf, type OracleRecord } from './oracle.ts';
import { verifyStore, type NearestRow, type Store, type StoredRow } from './verify.ts';
import { noteOf, payloadOf, vectorOf, versionAt } from './version-tag.ts';

const options = () => ({ searches: 10, recallFloor: 1 });

/** A store over plain maps; a test damages it by replacing one of its answers. */
class FakeStore implements Store {
  readonly clients: ClientRows[];

  constructor(clients: ClientRows[]) {
    this.clients = clients;
  }

  rowsOf(client: number): StoredRow[] {
    return [...(this.clients[client] ?? [])].map(([key, versions]) => {
      const version = versions.at(-1) ?? 0n;
      const [payload, note] = [payloadOf(version), noteOf(version)];
      return { key, version, payload, note, vector: vectorOf(version) };
    });
  }

  scan(client: number): Promise<StoredRow[]> {
    return Promise.resolve(this.rowsOf(client));
  }

  byKeys(client: number, keys: readonly number[]): Promise<StoredRow[]> {
    return Promise.resolve(this.rowsOf(client).filter((row) => keys.includes(row.key)));
  }

  count(client: number | 'all'): Promise<number> {
    const chosen = client === 'all' ? this.clients : this.clients.slice(client, client + 1);
    return Promise.resolve(chosen.reduce((sum, rows) => sum + countRows(rows), 0));
  }

  nearest(client: number, vectors: readonly Float32Array[]): Promise<(NearestRow | null)[]> {
    const rows = this.rowsOf(client);
    const distance = (row: StoredRow, vector: Float32Array): number =>
      vector.reduce((sum, value, i) => sum + (value - (row.vector[i] ?? 0)) ** 2, 0);
    return Promise.resolve(
      vectors.map((vector) => {
        const hits = rows.map((row) => ({ key: row.key, distance: distance(row, vector) }));
        return hits.sort((a, b) => a.distance - b.distance)[0] ?? null;
      }),
    );
  }
}

const insert = (id: number, client: number, keys: number[]): Operation => ({
  kind: 'insert',
  id,
  client,
  keys,
  versions: keys.map((_, i) => versionAt(id * 100 + i).toString()),
});

const operations: Operation[] = [
  insert(1, 0, [10, 11, 12]),
  insert(2, 1, [20, 21]),
  insert(3, 0, [11, 13]), // key 11 again: hides the first, counts twice
  { kind: 'delete', id: 4, client: 0, keys: [12] },
  insert(5, 1, [22]),
];

const inDoubtInsert = insert(6, 0, [14, 15]);

function history(open: Operation | null): OracleRecord[] {
  const records: OracleRecord[] = operations.flatMap((operation) => [
    { type: 'sent', operation },
    { type: 'acknowledged', id: operation.id },
  ]);
  return open === null ? records : [...records, { type: 'sent', operation: open }];
}

function faithfulStore(extra: readonly Operation[] = []): FakeStore {
  const clients: ClientRows[] = [new Map(), new Map()];
  for (const operation of [...operations, ...extra]) {
    const rows = clients[operation.client];
    if (rows !== undefined) applyOperation(rows, operation);
  }
  return new FakeStore(clients);
}

async function violationsOf(store: Store, open: Operation | null = null): Promise<string> {
  const verdict = await verifyStore(store, knowledgeOf(history(open), 2), options);
  return verdict.violations.join('\n');
}

describe('the crash verifier', () => {
  test('passes a faithful store, duplicates counted', async () => {
    const store = faithfulStore();
    expect(await store.count('all')).toBe(7);
    expect(await violationsOf(store)).toBe('');
  });

  test('settles a request in doubt either way, and says which', async () => {
    const known = knowledgeOf(history(inDoubtInsert), 2);
    const absent = await verifyStore(faithfulStore(), known, options);
    expect(absent.violations).toEqual([]);
    expect(absent.settled).toEqual([{ id: 6, happened: false }]);
    const present = await verifyStore(faithfulStore([inDoubtInsert]), known, options);
    expect(present.violations).toEqual([]);
    expect(present.settled).toEqual([{ id: 6, happened: true }]);
  });

  test('refuses a request in doubt that happened by half', async () => {
    const store = faithfulStore([insert(6, 0, [14])]);
    expect(await violationsOf(store, inDoubtInsert)).toMatch(/fits neither way/);
  });

  test('once settled, a request may not change its mind', async () => {
    const records: OracleRecord[] = [
      ...history(inDoubtInsert),
      { type: 'settled', id: 6, happened: true },
    ];
    const verdict = await verifyStore(faithfulStore(), knowledgeOf(records, 2), options);
    expect(verdict.violations.join('\n')).toMatch(/key 14 is lost/);
  });

  test('finds a lost row', async () => {
    const store = faithfulStore();
    store.clients[1]?.delete(21);
    expect(await violationsOf(store)).toMatch(/client 1: key 21 is lost/);
  });

  test('finds a doubled row, in a scan and in the count', async () => {
    const store = faithfulStore();
    store.scan = (client) =>
      Promise.resolve(store.rowsOf(client).flatMap((row) => (row.key === 20 ? [row, row] : [row])));
    expect(await violationsOf(store)).toMatch(/key 20 is doubled/);
    const counted = faithfulStore();
    counted.clients[1]?.get(20)?.unshift(versionAt(1));
    expect(await violationsOf(counted)).toMatch(/count\(\*\) is 4, expected 3/);
  });

  test('finds a resurrected row', async () => {
    const store = faithfulStore();
    store.clients[0]?.set(12, [versionAt(102)]);
    expect(await violationsOf(store)).toMatch(/key 12 is resurrected/);
  });

  test('finds an older version that came back', async () => {
    const store = faithfulStore();
    store.clients[0]?.get(11)?.reverse();
    expect(await violationsOf(store)).toMatch(/key 11 shows an older version/);
  });

  test('finds damage that only reads by key show', async () => {
    const store = faithfulStore();
    store.byKeys = (client, keys) =>
      Promise.resolve(store.rowsOf(client).filter((r) => keys.includes(r.key) && r.key !== 10));
    expect(await violationsOf(store)).toMatch(/by key: key 10 is lost/);
  });

  test.for(['payload', 'note', 'vector'] as const)('finds a foreign %s', async (copy) => {
    const store = faithfulStore();
    const foreign = { payload: payloadOf(1n), note: noteOf(1n), vector: vectorOf(1n) };
    store.scan = (client) =>
      Promise.resolve(
        store.rowsOf(client).map((r) => (r.key === 13 ? { ...r, [copy]: foreign[copy] } : r)),
      );
    expect(await violationsOf(store)).toMatch(/key 13, version \d+: /);
  });

  test('finds a version that passed through a double', async () => {
    const store = faithfulStore();
    store.scan = (client) =>
      Promise.resolve(
        store.rowsOf(client).map((row) => ({ ...row, version: BigInt(Number(row.version)) })),
      );
    expect(await violationsOf(store)).toMatch(/key 10 shows an unknown version/);
  });

  test('finds a row that search cannot see', async () => {
    const store = faithfulStore();
    store.nearest = (_client, vectors) =>
      Promise.resolve(vectors.map(() => ({ key: 10, distance: 0 })));
    expect(await violationsOf(store)).toMatch(/rows do not find themselves/);
  });
});
