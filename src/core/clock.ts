// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Time as a port: the engine asks this, never the system, so that a simulation can own it.
// deferred work and timers belong here too, since they decide the order in which things happen.

/** Stops a timer that has not fired; calling it later or twice does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds since the epoch. May jump; only timestamps are made from it. */
  nowMs(): number;
  /** Milliseconds that never go back; for deadlines and durations. */
  monotonicMs(): number;
  /** Calls back once after delayMs. Never keeps a process alive by itself. */
  timer(delayMs: number, callback: () => void): CancelTimer;
  /** Calls back soon, after the running callback returned and in the order asked. */
  defer(callback: () => void): void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  timer(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    handle.unref();
    return () => clearTimeout(handle);
  },
  defer(callback) {
    setImmediate(callback);
  },
};
