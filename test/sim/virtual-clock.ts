// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Time of a simulation. Nothing happens by itself: run() takes one callback after the other, the
// deferred ones in the order asked, then the timer that is due first (time jumps to it; ties are
// decided by the seed). After each callback all promises that it settled run to their end, so a
// run is one fixed order of steps and the same seed gives the same order again.

import { at, type CancelTimer, type Clock, type Random } from '../../src/core/index.ts';

interface Timer {
  readonly dueMs: number;
  readonly tieBreak: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  readonly #random: Random;
  readonly #startMs: number;
  #elapsedMs = 0;
  #order = 0;
  #stepCount = 0;
  #deferred: (() => void)[] = [];
  /** A binary heap, earliest first. */
  readonly #timers: Timer[] = [];
  readonly #cancelled = new WeakSet<Timer>();

  constructor(random: Random, startMs = 1_700_000_000_000) {
    this.#random = random;
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#startMs + Math.floor(this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** Callbacks run so far; part of a trace, since equal runs take equal steps. */
  stepCount(): number {
    return this.#stepCount;
  }

  timer(delayMs: number, callback: () => void): CancelTimer {
    const dueMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer: Timer = { dueMs, tieBreak: this.#random.unit(), order: this.#order++, callback };
    push(this.#timers, timer);
    return () => {
      this.#cancelled.add(timer);
    };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Resolves after virtual time has passed; for faults and latencies inside the simulation. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.timer(delayMs, resolve);
    });
  }

  /** Runs until nothing is left to do, or until a virtual moment (monotonic ms), which it reaches. */
  async run(untilMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    await settle();
    while (await this.step(untilMs)) {
      // each step is one callback and all that follows from it at once
    }
    if (Number.isFinite(untilMs)) this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
  }

  /** Runs on until a promise settles; its error is thrown. False when everything else came to rest first. */
  async runUntil(promise: Promise<unknown>): Promise<boolean> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    // The error is thrown below; without this it would count as unhandled while steps run.
    watched.catch(() => undefined);
    await settle();
    while (!settled && (await this.step(Number.POSITIVE_INFINITY))) {
      // one step at a time, so that nothing runs after the promise settled
    }
    if (settled) await watched;
    return settled;
  }

  /** One callback with what follows from it; false when none is left before untilMs. */
  async step(untilMs: number): Promise<boolean> {
    const callback = this.#deferred.shift() ?? this.#nextTimer(untilMs);
    if (callback === null) return false;
    this.#stepCount++;
    callback();
    await settle();
    return true;
  }

  #nextTimer(untilMs: number): (() => void) | null {
    for (;;) {
      const timer = this.#timers[0];
      if (timer === undefined || timer.dueMs > untilMs) return null;
      pop(this.#timers);
      if (this.#cancelled.has(timer)) continue;
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
      return timer.callback;
    }
  }
}

/** All promise reactions run before the next turn of the real loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function before(a: Timer, b: Timer): boolean {
  if (a.dueMs !== b.dueMs) return a.dueMs < b.dueMs;
  return a.tieBreak === b.tieBreak ? a.order < b.order : a.tieBreak < b.tieBreak;
}

function push(heap: Timer[], timer: Timer): void {
  heap.push(timer);
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(timer, at(heap, parent))) break;
    heap[index] = at(heap, parent);
    index = parent;
  }
  heap[index] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const child = right < heap.length && before(at(heap, right), at(heap, left)) ? right : left;
    if (!before(at(heap, child), last)) break;
    heap[index] = at(heap, child);
    index = child;
  }
  heap[index] = last;
}
