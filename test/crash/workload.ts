// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What a client of the crash lane does next: mostly inserts of new keys, with a share of inserts
// over existing and over deleted keys, and deletes of some keys, a few of which are not there.

import type { Random } from '../../src/core/random.ts';
import type { ClientRows, Operation } from './operation.ts';
import { versionAt } from './version-tag.ts';

/** Keys of one client lie in [client * keysPerClient, (client + 1) * keysPerClient). */
export const keysPerClient = 1_000_000;

/** The numbers that no two requests of a run may share. */
export interface Counters {
  operations: number;
  versions: number;
}

const rowsPerInsertMax = 20;
const keysPerDeleteMax = 5;
const keySpan = 2_000; // small enough that deleted keys come back

/** Chooses the next request of a client, given the rows it is certain of. */
export function nextOperation(
  client: number,
  rows: ClientRows,
  counters: Counters,
  random: Random,
  duplicates = true,
): Operation {
  counters.operations += 1;
  const id = counters.operations;
  const draw = random.unit();
  if (draw < 0.25 && rows.size > 0) {
    const keys = pickKeys(1 + below(random, keysPerDeleteMax), () =>
      draw < 0.03 ? anyKey(client, random) : existingKey(rows, random),
    );
    return { kind: 'delete', id, client, keys };
  }
  const overwrite = duplicates && draw < 0.45 && rows.size > 0;
  const picked = pickKeys(1 + below(random, rowsPerInsertMax), () =>
    overwrite ? existingKey(rows, random) : anyKey(client, random),
  );
  const keys = duplicates ? picked : picked.filter((key) => !rows.has(key));
  if (keys.length === 0) return nextOperation(client, rows, counters, random, duplicates);
  const versions = keys.map(() => {
    counters.versions += 1;
    return versionAt(counters.versions).toString();
  });
  return { kind: 'insert', id, client, keys, versions };
}

function below(random: Random, limit: number): number {
  return Math.floor(random.unit() * limit);
}

/** Up to `count` different keys; a request never names one twice. */
function pickKeys(count: number, pick: () => number): number[] {
  return [...new Set(Array.from({ length: count }, pick))];
}

function anyKey(client: number, random: Random): number {
  return client * keysPerClient + below(random, keySpan);
}

function existingKey(rows: ClientRows, random: Random): number {
  const skip = below(random, rows.size);
  let i = 0;
  for (const key of rows.keys()) {
    if (i === skip) return key;
    i += 1;
  }
  return 0;
}
