// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A directory that lives as long as one test. DIPPER_TEST_KEEP=1 leaves it behind for a look
// inside.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work` with a fresh directory and removes it afterwards. */
export async function withTempDir<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'dipper-test-'));
  try {
    return await work(directory);
  } finally {
    if (process.env['DIPPER_TEST_KEEP'] !== '1') {
      await rm(directory, { recursive: true, force: true });
    }
  }
}
