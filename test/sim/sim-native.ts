// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The native engine inside a simulation: pool work has no threads there. A call runs when the
// scheduler picks it, on this thread, and its result comes back as a later step.

import type { NativeFace } from '../../native/index.ts';
import type { Clock, Random } from '../../src/core/index.ts';

/** Longest virtual time that a pool call takes. */
const latencyMs = 20;

export function simNative(native: NativeFace, clock: Clock, random: Random): NativeFace {
  const pooled = <T>(work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      clock.timer(random.unit() * latencyMs, () => {
        try {
          resolve(work());
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new TypeError(String(thrown)));
        }
      });
    });
  return {
    ...native,
    sealImage: (segment, through) => pooled(() => native.sealImageNow(segment, through)),
    buildIndex: (segment, build, cancel) =>
      pooled(() => native.buildIndexNow(segment, build, cancel)),
    search: (call) => pooled(() => native.searchNow(call)),
    query: (call) => pooled(() => native.queryNow(call)),
  };
}
