// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Randomness as a port: uuids of files and logs, jitter, sampling. A simulation gives a seeded one.

import { randomBytes } from 'node:crypto';

export interface Random {
  /** Fills a new array with random bytes. */
  bytes(sizeBytes: number): Uint8Array;
  /** A number in [0, 1). */
  unit(): number;
}

export const systemRandom: Random = {
  bytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
  unit: () => randomBytes(4).readUInt32LE(0) / 2 ** 32,
};

/** A small seeded generator (splitmix-style, 32 bit) for simulations, tests and benches. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return {
    bytes: (sizeBytes) => Uint8Array.from({ length: sizeBytes }, () => next() & 0xff),
    unit: () => next() / 2 ** 32,
  };
}
