// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The adding-up of `npm test`: silence, broken files and missing reports must count as failures.

import { describe, expect, test } from 'vitest';
import { countReport, parseArguments, verdict } from './run-lanes.mjs';

const green = {
  success: true,
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: [],
};

describe('counting a report', () => {
  test('takes the numbers as they are', () => {
    expect(countReport(green)).toEqual({ passed: 3, failed: 0, skipped: 1 });
    expect(countReport({ ...green, success: false, numFailedTests: 2 }).failed).toBe(2);
  });

  test('a missing report is a failure', () => {
    expect(countReport(null)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  test('a file that could not be loaded is a failure', () => {
    const broken = { status: 'failed', assertionResults: [] };
    expect(countReport({ ...green, success: false, testResults: [broken] }).failed).toBe(1);
  });

  test('a lane without a test is a failure', () => {
    const empty = { ...green, numPassedTests: 0, numPendingTests: 0 };
    expect(countReport(empty).failed).toBe(1);
  });

  test('an error outside of every test is a failure', () => {
    expect(countReport({ ...green, success: false }).failed).toBe(1);
  });
});

test('a run is green when nothing failed and something passed', () => {
  expect(verdict({ passed: 1, failed: 0, skipped: 4 })).toBe(0);
  expect(verdict({ passed: 1, failed: 1, skipped: 0 })).toBe(1);
  expect(verdict({ passed: 0, failed: 0, skipped: 4 })).toBe(1);
});

test('unknown lanes are refused', () => {
  expect(parseArguments(['unit', '--full'])).toEqual({ full: true, names: ['unit'] });
  expect(parseArguments([]).names).toContain('crash');
  expect(parseArguments(['unti']).error).toMatch(/unknown unti/);
});
