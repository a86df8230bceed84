// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Starts a bench: pins the driver and its clients to the last core (servers are pinned to the first
// one by the bench itself), compiles bench/ into .cache/ and runs the named bench with the rest of
// the arguments.
//
//   node bench/run.mjs first-path --help

import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [bench, ...args] = process.argv.slice(2);
if (bench === undefined || !/^[a-z-]+$/.test(bench)) {
  process.stderr.write('usage: node bench/run.mjs <bench> [options]; there is: first-path\n');
  process.exit(1);
}
const typescript = join(root, 'node_modules/typescript/bin/tsc');
const compiled = spawnSync(
  process.execPath,
  [typescript, '-p', join(root, 'bench/tsconfig.json')],
  {
    stdio: 'inherit',
  },
);
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const program = join(root, '.cache/bench-build/bench', `${bench}.js`);
const clientCore = String(Math.max(1, cpus().length - 1));
const pin = cpus().length > 1 ? ['taskset', '-c', clientCore] : [];
const [command, ...rest] = [...pin, process.execPath, program, ...args];
const result = spawnSync(command, rest, { stdio: 'inherit', cwd: root });
process.exit(result.status ?? 1);
