// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Any Parquet reader opens the data: rows written through the official client are read back from
// the files alone, by pyarrow, with the delete files applied as docs/formats.md says.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { runPython, sdkPython } from '../support/python.ts';
import { missingServer, startServer, targetFromEnvironment } from '../support/server.ts';
import { withTempDir } from '../support/temp-dir.ts';

const target = targetFromEnvironment();
const env = await sdkPython();
const reason =
  target !== 'dipper'
    ? `the files of ${target} are its own`
    : typeof env === 'string'
      ? env
      : missingServer();
if (reason !== null) process.stderr.write(`Parquet files skipped: ${reason}\n`);

describe.skipIf(reason !== null)('files of sealed segments', () => {
  test('pyarrow finds the rows that are alive, value by value', { timeout: 180_000 }, async () => {
    if (typeof env === 'string') return;
    await withTempDir(async (directory) => {
      const dataDirectory = join(directory, 'data');
      const server = await startServer({ dataDirectory, target: 'dipper' });
      try {
        const uri = `http://127.0.0.1:${server.port}`;
        const run = await runPython(env, 'parquet_files.py', ['--uri', uri, dataDirectory]);
        for (const { check, ok, detail } of run.checks) {
          expect.soft(ok, `${check}: ${detail}`).toBe(true);
        }
        expect(run.complete, `the script died early:\n${run.stderr}`).toBe(true);
      } finally {
        await server.kill();
      }
    });
  });
});
