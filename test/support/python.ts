// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Runs a script of test/sdk/python and reads its checks (see checks.py): one JSON line each, and a
// last line with their number, so that a script that died half-way is told from one that passed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { ensurePythonEnv, PythonEnvironmentError, type PythonEnv } from './python-env.ts';
import { repositoryRoot } from './repository.ts';

/** One assertion made in Python. */
export interface PythonCheck {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** How the server under test is known to deviate here; only ever set for Milvus Lite. */
  readonly known?: string;
}

export interface PythonRun {
  readonly checks: readonly PythonCheck[];
  /** True when the script printed its last line and had reported every check it counted. */
  readonly complete: boolean;
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** The environment of the SDK lane, or the reason why there is none here. */
export async function sdkPython(): Promise<PythonEnv | string> {
  try {
    return await ensurePythonEnv('sdk');
  } catch (error) {
    if (error instanceof PythonEnvironmentError) return error.message;
    throw error;
  }
}

/** Runs one script to its end. */
export async function runPython(
  env: PythonEnv,
  script: string,
  args: readonly string[],
): Promise<PythonRun> {
  const file = join(repositoryRoot, 'test/sdk/python', script);
  const child = spawn(env.python, [file, ...args], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  await once(child, 'close');
  const stderr = Buffer.concat(err).toString();
  const { checks, done } = readChecks(Buffer.concat(out).toString());
  return { checks, complete: done === checks.length, exitCode: child.exitCode, stderr };
}

/** Takes the printed lines apart; `done` is null when the last line never came. */
export function readChecks(output: string): { checks: PythonCheck[]; done: number | null } {
  const checks: PythonCheck[] = [];
  let done: number | null = null;
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    const value: unknown = JSON.parse(line);
    assert(typeof value === 'object' && value !== null);
    if ('done' in value && typeof value.done === 'number') done = value.done;
    else if (isCheck(value)) checks.push(value);
    else assert.fail(`not a check: ${line}`);
  }
  return { checks, done };
}

function isCheck(value: object): value is PythonCheck {
  return (
    'check' in value &&
    typeof value.check === 'string' &&
    'ok' in value &&
    typeof value.ok === 'boolean' &&
    'detail' in value &&
    typeof value.detail === 'string'
  );
}
