// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Runs a measuring client of bench/python with the pymilvus that fits the server. It prints one
// JSON object of numbers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { ensurePythonEnv } from '../test/support/python-env.ts';
import { repositoryRoot } from '../test/support/repository.ts';
import type { System } from './systems.ts';

/** Runs one script and returns its numbers. */
export async function runClient(
  system: System,
  port: number,
  script: string,
  args: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const env = await ensurePythonEnv(system.clientEnv);
  const file = join(repositoryRoot, 'bench/python', script);
  const child = spawn(env.python, [file, `http://127.0.0.1:${port}`, ...args], {
    env: { ...process.env, PYTHONWARNINGS: 'ignore' }, // the old client imports what is deprecated
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  assert.equal(child.exitCode, 0, `${script} failed`);
  const line = Buffer.concat(chunks).toString().trim().split('\n').at(-1) ?? '{}';
  return JSON.parse(line) as Record<string, number>;
}
