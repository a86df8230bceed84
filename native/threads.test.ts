// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The addon in several JavaScript threads at once: what one opened another searches, and a thread
// that ends with calls in flight takes nothing down with it. Only worker threads really tear an
// environment down.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { describe, expect, test } from 'vitest';

import { encodeLogBody } from '../src/model/log-body.ts';
import { schemaToNativeJson } from '../src/model/schema.ts';
import { native } from './index.ts';
import { sampleRows, sampleSchema, searchFor } from './test/sample.ts';

const ownerEpoch = 400;
const workerPath = fileURLToPath(new URL('test/worker.mjs', import.meta.url));
const addonPath = fileURLToPath(new URL('build/Release/dipper.node', import.meta.url));

function openShared(): { shard: number; clock: number; body: Uint8Array } {
  const schema = native.compileSchema(schemaToNativeJson(sampleSchema()), ownerEpoch);
  const shard = native.createShard(schema, ownerEpoch);
  const clock = native.createClock(ownerEpoch);
  native.openGrowing(shard, 1, 1);
  native.publishView(shard, new Float64Array());
  const batch = sampleRows(Array.from({ length: 500 }, (_, i) => BigInt(i)));
  const body = encodeLogBody([{ kind: 1, partitionId: 1, batch }], 0);
  native.applyBody(shard, body, native.stampShard(shard, clock, 1));
  native.setUnapplied(shard, 0n);
  return { shard, clock, body };
}

/** What a worker says, and the code it ends with. */
function runWorker(
  number: number,
  leaveEarly: boolean,
  shared: { shard: number; body: Uint8Array },
) {
  return new Promise<{ said: unknown; exitCode: number }>((resolve, reject) => {
    const schemaJson = schemaToNativeJson(sampleSchema());
    const worker = new Worker(workerPath, {
      workerData: {
        number,
        addonPath,
        schemaJson,
        body: shared.body,
        leaveEarly,
        sharedShard: shared.shard,
      },
    });
    let said: unknown = null;
    worker.on('message', (message) => {
      said = message;
    });
    worker.on('error', reject);
    worker.on('exit', (exitCode) => resolve({ said, exitCode }));
  });
}

describe('the addon in worker threads', () => {
  test('four open, search and exit at once', async () => {
    const shared = openShared();
    const ends = await Promise.all([0, 1, 2, 3].map((number) => runWorker(number, false, shared)));
    for (const { said, exitCode } of ends) {
      expect(exitCode).toBe(0);
      expect(said).toEqual(Array.from({ length: 50 }, () => [3, 2]));
    }
    native.releaseOwner(ownerEpoch);
  });

  test('threads that leave with calls in flight', async () => {
    const shared = openShared();
    const ends = await Promise.all(
      Array.from({ length: 8 }, (_, number) => runWorker(number, number % 2 === 0, shared)),
    );
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(new Array<number>(8).fill(0));
    const pin = native.pinLatest(shared.shard, shared.clock, 1);
    const hits = await native.search(searchFor(pin, [7, 0, 0, 0], 1));
    expect(hits.keys.kind === 'int64' && [...hits.keys.values]).toEqual([7n]);
    native.releaseOwner(ownerEpoch);
  });
});
