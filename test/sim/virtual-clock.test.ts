// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Virtual time: order, cancellation, promises between steps, and the same run from the same seed.

import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import { VirtualClock } from './virtual-clock.ts';

test('deferred callbacks first and in order, then timers by due time', async () => {
  const clock = new VirtualClock(seededRandom(1), 5_000);
  const log: string[] = [];
  clock.timer(20, () => log.push(`b at ${clock.monotonicMs()}`));
  clock.timer(10, () => {
    log.push(`a at ${clock.monotonicMs()}`);
    clock.defer(() => log.push('after a'));
  });
  clock.defer(() => log.push('first'));
  clock.defer(() => log.push('second'));
  await clock.run();
  expect(log).toEqual(['first', 'second', 'a at 10', 'after a', 'b at 20']);
  expect(clock.nowMs()).toBe(5_020);
  expect(clock.stepCount()).toBe(5);
});

test('promises settled by a step run to their end before the next step', async () => {
  const clock = new VirtualClock(seededRandom(1));
  const log: string[] = [];
  const chain = async (): Promise<void> => {
    await clock.sleep(5);
    for (let i = 0; i < 100; i++) await Promise.resolve();
    log.push('chain done');
  };
  void chain();
  clock.timer(5.001, () => log.push('later timer'));
  await clock.run();
  expect(log).toEqual(['chain done', 'later timer']);
});

test('cancelled timers do not fire; a deadline is reached and not passed', async () => {
  const clock = new VirtualClock(seededRandom(1));
  const log: number[] = [];
  const cancel = clock.timer(1, () => log.push(1));
  cancel();
  cancel();
  clock.timer(10, () => log.push(10));
  await clock.run(7);
  expect([log, clock.monotonicMs()]).toEqual([[], 7]);
  await clock.run();
  expect(log).toEqual([10]);
});

test('runUntil stops at the promise, or says that nothing is left', async () => {
  const clock = new VirtualClock(seededRandom(1));
  clock.timer(100, () => undefined);
  expect(await clock.runUntil(clock.sleep(3))).toBe(true);
  expect(clock.monotonicMs()).toBe(3);
  expect(await clock.runUntil(new Promise(() => undefined))).toBe(false);
  await expect(
    clock.runUntil(clock.sleep(1).then(() => Promise.reject(new TypeError('x')))),
  ).rejects.toThrow('x');
});

test('ties are decided by the seed, and the same seed decides the same', async () => {
  const order = async (seed: number): Promise<string> => {
    const clock = new VirtualClock(seededRandom(seed));
    const log: number[] = [];
    for (let i = 0; i < 8; i++) clock.timer(1, () => log.push(i));
    await clock.run();
    return log.join();
  };
  const orders = await Promise.all([1, 2, 3, 4].map(order));
  expect(await Promise.all([1, 2, 3, 4].map(order))).toEqual(orders);
  expect(new Set(orders).size).toBeGreaterThan(1);
});
