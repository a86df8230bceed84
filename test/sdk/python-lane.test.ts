// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The official Python client, unmodified, against a started server: every script of
// test/sdk/python runs against a fresh server of its own, and every check it prints becomes an
// assertion here. Without Python or a build the lane is reported as skipped, with the reason.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { readChecks, runPython, sdkPython } from '../support/python.ts';
import { missingServer, startServer, targetFromEnvironment } from '../support/server.ts';
import { withTempDir } from '../support/temp-dir.ts';

const scripts = [
  'quickstart.py',
  'full_schema.py',
  'metrics.py',
  'filters.py',
  'states.py',
  'reads.py',
  'bad_input.py',
];

const target = targetFromEnvironment();
const env = await sdkPython();
const missing = missingServer(target);
const reason = typeof env === 'string' ? env : missing;
if (reason !== null) process.stderr.write(`SDK lane skipped: ${reason}\n`);

describe.skipIf(reason !== null)(`pymilvus against ${target}`, () => {
  test.for(scripts)('%s', { timeout: 180_000 }, async (script) => {
    if (typeof env === 'string') return;
    await withTempDir(async (directory) => {
      const server = await startServer({ dataDirectory: join(directory, 'data') });
      try {
        const uri = `http://127.0.0.1:${server.port}`;
        const run = await runPython(env, script, ['--uri', uri, '--target', target]);
        for (const { check, ok, detail, known } of run.checks) {
          expect.soft(ok || known !== undefined, `${check}: ${detail}`).toBe(true);
        }
        expect(run.complete, `the script died early:\n${run.stderr}`).toBe(true);
        expect(run.checks.length).toBeGreaterThan(0);
        expect(server.isAlive(), `the server died:\n${server.output()}`).toBe(true);
      } finally {
        await server.kill();
      }
    });
  });
});

describe('the reading of checks', () => {
  test('a script that dies early is not complete', () => {
    const line = JSON.stringify({ check: 'a', ok: true, detail: '' });
    expect(readChecks(`${line}\n`)).toEqual({
      checks: [{ check: 'a', ok: true, detail: '' }],
      done: null,
    });
    expect(readChecks(`noise\n${line}\n{"done":1}\n`).done).toBe(1);
  });

  test('a line that is no check is refused', () => {
    expect(() => readChecks('{"chek":"a"}')).toThrow(/not a check/);
  });
});
