// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The stand-alone C++ tests: native/test/Makefile builds one program of all cases, no Node inside,
// and this lane runs it. Its last line must count at least one passed case and no failed one, so a
// program that ended early or selected nothing is not taken for a pass.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { repositoryRoot } from '../support/repository.ts';

interface NativeRun {
  readonly exitCode: number | null;
  readonly output: string;
}

async function make(...args: readonly string[]): Promise<NativeRun> {
  const jobs = `-j${availableParallelism()}`;
  const directory = join(repositoryRoot, 'native/test');
  const child = spawn('make', [jobs, '-C', directory, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return { exitCode: child.exitCode, output: Buffer.concat(chunks).toString() };
}

/** What the program's summary line says; null when it never printed one. */
function summaryOf(output: string): { passed: number; failed: number } | null {
  const line = /^(\d+) passed, (\d+) failed$/m.exec(output);
  return line === null ? null : { passed: Number(line[1]), failed: Number(line[2]) };
}

// The long form repeats everything under AddressSanitizer and UBSan.
const forms = process.env['DIPPER_TEST_FULL'] === '1' ? ['SAN=', 'SAN=1'] : ['SAN='];

test.for(forms)('every case of the native program passes (%s)', async (form) => {
  const built = await make('build', form);
  expect(built.exitCode, built.output.slice(-8_000)).toBe(0);
  const run = await make('run', form);
  const summary = summaryOf(run.output);
  expect(summary?.failed, run.output.slice(-8_000)).toBe(0);
  expect(summary?.passed).toBeGreaterThan(0);
  expect(run.exitCode).toBe(0);
  process.stdout.write(`native: ${summary?.passed} cases passed\n`);
});

test('a selection that matches nothing is not a pass', async () => {
  const run = await make('run', 'ONLY=no-case-has-this-name');
  expect(summaryOf(run.output)?.passed ?? 0).toBe(0);
  expect(run.exitCode).not.toBe(0);
});
