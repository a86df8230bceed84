// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// kill -9 in CI: nothing acknowledged is lost, doubled or resurrected. DIPPER_CRASH_ROUNDS sets
// how many rounds (10), DIPPER_CRASH_SEED repeats the clients' choices of a run; the moments of
// the kills are the machine's own.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { seededRandom } from '../../src/core/random.ts';
import { missingServer, targetFromEnvironment } from '../support/server.ts';
import { withTempDir } from '../support/temp-dir.ts';
import { CrashRun, kindOfRound, type RoundReport } from './rounds.ts';

const rounds = Number(process.env['DIPPER_CRASH_ROUNDS'] ?? 10);
const seed = Number(process.env['DIPPER_CRASH_SEED'] ?? randomInt(2 ** 31));
const acknowledgedMin = 200;
const log = (line: string): void => void process.stderr.write(`crash: ${line}\n`);

const missing = missingServer();
if (missing !== null) log(`skipped: ${missing}`);

describe.skipIf(missing !== null)(`kill -9, seed ${seed}`, () => {
  const reports: RoundReport[] = [];
  let run: CrashRun | undefined;
  let release = (): void => {};
  let removed: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    const random = seededRandom(seed);
    // Milvus Lite answers some reads with older versions of a key, so there each key is unique.
    const duplicates = targetFromEnvironment() === 'dipper';
    const settings = { rounds, clients: 8, acknowledgedMin, duplicates, random, log };
    run = await new Promise<CrashRun>((resolve, reject) => {
      removed = withTempDir(async (directory) => {
        const ended = new Promise<void>((end) => (release = end));
        await CrashRun.start({ ...settings, directory }).then(resolve, reject);
        await ended;
      });
    });
  }, 60_000);

  afterAll(async () => {
    await run?.end();
    release();
    await removed;
  }, 60_000);

  test('without a kill everything is as acknowledged', { timeout: 120_000 }, async () => {
    assert(run !== undefined, 'the first server started');
    expect((await run.calmRound()).slice(0, 20)).toEqual([]);
  });

  const plan = Array.from({ length: rounds }, (_, round) => [round, kindOfRound(round)] as const);
  test.for(plan)('round %i, killed in: %s', { timeout: 180_000 }, async ([round]) => {
    assert(run !== undefined, 'the first server started');
    const report = await run.round(round);
    reports.push(report);
    expect(report.violations.slice(0, 20)).toEqual([]);
    expect(report.acknowledged).toBeGreaterThanOrEqual(acknowledgedMin);
    expect(report.inFlight).toBeGreaterThanOrEqual(4);
    expect(report.killedInFlush).toBe(report.kind === 'flush');
    if (report.kind === 'recovery') expect(report.killsInRecovery).toBeGreaterThan(0);
  });

  test('after a flush and a clean stop the files hold everything', {
    timeout: 120_000,
  }, async () => {
    assert(run !== undefined, 'the first server started');
    expect((await run.finalPass()).slice(0, 20)).toEqual([]);
    expect(reports.length).toBe(rounds);
  });
});
