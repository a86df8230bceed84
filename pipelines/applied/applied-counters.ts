// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A consumer of the applied stream: counts what shards did, for /metrics. The counters lie in
// shared memory, so that a cell counts and the main thread reads without a message.

import type { AppliedEvent } from '../../src/model/index.ts';

export const appliedCounterNames = [
  'envelopes',
  'insertedRows',
  'deletedRows',
  'shadowedRows',
  'bodyBytes',
] as const;
export type AppliedCounterName = (typeof appliedCounterNames)[number];

const shadowKind = 2;

export class AppliedCounters {
  readonly buffer: SharedArrayBuffer;
  private readonly counts: BigUint64Array;

  constructor(buffer = new SharedArrayBuffer(8 * appliedCounterNames.length)) {
    this.buffer = buffer;
    this.counts = new BigUint64Array(buffer);
  }

  count(event: AppliedEvent): void {
    this.add('envelopes', 1);
    this.add('bodyBytes', event.body.byteLength);
    let inserted = 0;
    for (let i = 2; i < event.inserted.length; i += 3) inserted += event.inserted[i] ?? 0;
    this.add('insertedRows', inserted);
    let shadowed = 0;
    for (let i = 2; i < event.hidden.length; i += 3) if (event.hidden[i] === shadowKind) shadowed++;
    this.add('shadowedRows', shadowed);
    this.add('deletedRows', event.hidden.length / 3 - shadowed);
  }

  value(name: AppliedCounterName): number {
    return Number(Atomics.load(this.counts, appliedCounterNames.indexOf(name)));
  }

  private add(name: AppliedCounterName, by: number): void {
    Atomics.add(this.counts, appliedCounterNames.indexOf(name), BigInt(by));
  }
}
