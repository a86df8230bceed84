// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Where the checkout is, also when this file was compiled to another place (the benches are).

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root of the checkout. */
export const repositoryRoot = findRoot(import.meta.dirname);

function findRoot(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package-lock.json'))) return directory;
    assert(directory !== dirname(directory), `no package-lock.json above ${from}`);
  }
}
