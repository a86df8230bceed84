// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The simulation lane: the un-planted engine agrees with the model on every seed, a repeated seed
// takes the same steps, and each planted bug is found within the same seeds. One seed again:
// DIPPER_SIM_SEED=41 npx vitest run test/sim/engine-sim.test.ts

import { expect, test } from 'vitest';
import { plants } from './plants.ts';
import { notOpened, simulate } from './simulate.ts';

const seedCount = Number(process.env['DIPPER_SIM_SEEDS'] ?? 200);
const onlySeed = process.env['DIPPER_SIM_SEED'];
const seeds =
  onlySeed === undefined ? Array.from({ length: seedCount }, (_, i) => i + 1) : [Number(onlySeed)];
const laneTimeoutMs = 900_000;

test(`${seeds.length} seeds agree with the model`, { timeout: laneTimeoutMs }, async () => {
  const violations: string[] = [];
  const faults = new Map<string, number>();
  let acknowledged = 0;
  for (const seed of seeds) {
    const report = await simulate(seed);
    acknowledged += report.acknowledged;
    for (const [name, count] of Object.entries(report.faults))
      faults.set(name, (faults.get(name) ?? 0) + count);
    if (report.violation !== null) violations.push(`seed ${seed}: ${report.violation}`);
  }
  expect(violations).toEqual([]);
  expect(acknowledged).toBeGreaterThan(seeds.length * 5);
  if (onlySeed === undefined) expect([...faults.keys()].length).toBeGreaterThan(2);
});

test.each([1, 2, 3, 5, 8])(
  'seed %i repeats step by step',
  { timeout: laneTimeoutMs },
  async (seed) => {
    const first = await simulate(seed);
    const second = await simulate(seed);
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.acknowledged).toBe(first.acknowledged);
  },
);

test.each(plants.map((plant) => [plant.name, plant] as const))(
  'the planted bug "%s" is found',
  { timeout: laneTimeoutMs },
  async (_name, plant) => {
    let found: string | null = null;
    for (let i = 0; i < seeds.length && found === null; i++) {
      const { violation } = await simulate(seeds[i] ?? 1, plant);
      // A log that notices the damage while opening is good, but it is the model that must notice.
      if (violation !== null && !violation.startsWith(notOpened)) found = violation;
    }
    expect(found).not.toBeNull();
    // Found by comparing with the model, not by an assertion inside the engine.
    expect(found).not.toContain('assertion failed');
  },
);
