// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A JavaScript thread of its own for threads.test.ts: loads the addon directly (no compiler runs
// here), opens a schema and a shard, searches, and leaves, with calls still in flight if asked.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const { addonPath, schemaJson, body, leaveEarly, sharedShard } = workerData;
const addon = createRequire(import.meta.url)(addonPath);

const ownerEpoch = 500 + workerData.number;
const schema = addon.compileSchema(schemaJson, ownerEpoch);
const clock = addon.createClock(ownerEpoch);
const shard = addon.createShard(schema, ownerEpoch);
addon.openGrowing(shard, 1, 1);
addon.publishView(shard, new Float64Array());
const stamp = addon.stampShard(shard, clock, 1);
addon.applyBody(shard, body, stamp);
addon.setUnapplied(shard, 0n);

function search(target) {
  const pin = addon.pinLatest(target, clock, 1);
  const query = new Uint8Array(Float32Array.of(3, 0, 0, 0).buffer);
  return addon.search(
    Float64Array.of(pin),
    null,
    null,
    102,
    1,
    1,
    query,
    2,
    0,
    false,
    Uint32Array.of(101),
    0,
  );
}

const pending = Array.from({ length: 50 }, (_, i) => search(i % 2 === 0 ? shard : sharedShard));
if (leaveEarly) {
  parentPort.postMessage('leaving');
  process.exit(0);
}
const answers = await Promise.all(pending);
addon.releaseOwner(ownerEpoch);
parentPort.postMessage(answers.map((hits) => [...hits.keys.values].map(Number)));
