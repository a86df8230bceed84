#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Runs the simulation by hand: one seed again, or more seeds than the lane takes.
//
//   npm run sim -- --seed 41
//   npm run sim -- --seeds 2000

import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const variables = { '--seed': 'DIPPER_SIM_SEED', '--seeds': 'DIPPER_SIM_SEEDS' };
const [flag, value, ...rest] = process.argv.slice(2);
const variable = flag === undefined ? undefined : variables[flag];
const wrong = flag !== undefined && (variable === undefined || !/^\d+$/.test(value ?? ''));

if (wrong || rest.length > 0) {
  process.stderr.write('usage: npm run sim -- [--seed N | --seeds N]\n');
  process.exitCode = 1;
} else {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', 'sim', 'test/sim/engine-sim.test.ts'];
  const only = flag === '--seed' ? ['--testNamePattern', 'agree with the model'] : [];
  const chosen = variable === undefined ? {} : { [variable]: value };
  const env = { ...process.env, ...chosen };
  const { status } = spawnSync(process.execPath, [...args, ...only], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
