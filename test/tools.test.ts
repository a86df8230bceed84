// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The tools of `npm run check` find nothing: types, lint, format, unused code. They run here too, so
// that a green `npm test` means a green check.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

import { repositoryRoot } from './support/repository.ts';

async function npmRun(script: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('npm', ['run', '--silent', script], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return { code: child.exitCode, output: Buffer.concat(chunks).toString() };
}

test.for(['check:types', 'check:lint', 'check:format', 'check:unused'])(
  'npm run %s',
  { timeout: 150_000 },
  async (script) => {
    const { code, output } = await npmRun(script);
    expect(code, output.slice(-8_000)).toBe(0);
  },
);
