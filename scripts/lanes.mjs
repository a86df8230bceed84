// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The lanes of `npm test`: what each proves, the files it takes, and how long it may run. The
// budgets add up to less than half an hour, the longest a run of .ci/run may last; lanes usually
// need a small part of theirs.

/**
 * @typedef {object} Lane
 * @property {string} title What the lane proves.
 * @property {string[]} include Globs of its test files.
 * @property {number} minutes Its budget; past it the lane is stopped and counts as failed.
 * @property {number} fullMinutes The budget of its long form.
 * @property {number} testTimeoutMs For a test that names no limit; a hang guard, never an expectation.
 * @property {boolean} alone True when its files run one by one, in processes of their own.
 */

/** @type {Readonly<Record<string, Lane>>} */
export const lanes = {
  tidy: {
    title: 'the repository keeps its own rules',
    include: ['test/*.test.ts', 'test/tidy/**/*.test.ts', 'scripts/**/*.test.ts'],
    minutes: 3,
    fullMinutes: 2,
    testTimeoutMs: 60_000,
    alone: false,
  },
  unit: {
    title: 'files against their own tests',
    include: [
      'src/**/*.test.ts',
      'actors/**/*.test.ts',
      'pipelines/**/*.test.ts',
      'native/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    minutes: 3,
    fullMinutes: 10,
    testTimeoutMs: 60_000,
    alone: false,
  },
  native: {
    title: 'the C++ engine without Node',
    include: ['test/native/**/*.test.ts'],
    minutes: 7,
    fullMinutes: 20,
    testTimeoutMs: 300_000,
    alone: true,
  },
  sim: {
    title: 'the whole engine on a virtual clock and a faulty disk, from seeds',
    include: ['test/sim/**/*.test.ts'],
    minutes: 4,
    fullMinutes: 60,
    testTimeoutMs: 300_000,
    alone: false,
  },
  sdk: {
    title: 'official clients, unmodified, against a started server',
    include: ['test/sdk/**/*.test.ts'],
    minutes: 4,
    fullMinutes: 10,
    testTimeoutMs: 60_000,
    alone: true,
  },
  crash: {
    title: 'a real server under kill -9',
    include: ['test/crash/**/*.test.ts'],
    minutes: 4,
    fullMinutes: 60,
    testTimeoutMs: 60_000,
    alone: true,
  },
};

/** What --full adds to the environment of every lane. */
export const longForms = {
  DIPPER_TEST_FULL: '1',
  DIPPER_CRASH_ROUNDS: '100',
  DIPPER_SIM_SEEDS: '5000',
};
