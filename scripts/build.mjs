#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Builds what `npm start` and `npm test` need and nothing that is up to date: the native addon
// (node-gyp, with the headers beside the running node when they are there), the TypeScript output
// and the message descriptors.
// Use: node scripts/build.mjs [--native] [--ts] [--quiet]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const args = new Set(process.argv.slice(2));
const all = !args.has('--native') && !args.has('--ts');
const quiet = args.has('--quiet');

function say(text) {
  if (!quiet) process.stdout.write(`${text}\n`);
}

function run(what, command, commandArgs) {
  const startedMs = Date.now();
  const { status, stdout, stderr } = spawnSync(command, commandArgs, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) {
    process.stderr.write(
      `${stdout}${stderr}\n${what} failed (${command} ${commandArgs.join(' ')})\n`,
    );
    process.exit(1);
  }
  process.stdout.write(`${what}: ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

/** Newest modification below some folders, of files with these endings. */
function newest(folders, endings) {
  let latest = 0;
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!['build', 'build-test', 'node_modules', 'dist'].includes(entry.name)) walk(path);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        latest = Math.max(latest, statSync(path).mtimeMs);
      }
    }
  };
  for (const folder of folders) walk(join(root, folder));
  return latest;
}

/** True when the stamp of a build is newer than its sources and of this Node. */
function fresh(stamp, sourcesMs) {
  const path = join(root, stamp);
  return (
    existsSync(path) &&
    statSync(path).mtimeMs > sourcesMs &&
    readFileSync(path, 'utf8') === process.version
  );
}

function mark(stamp) {
  mkdirSync(dirname(join(root, stamp)), { recursive: true });
  writeFileSync(join(root, stamp), process.version);
}

function buildNative() {
  const stamp = 'native/build/.stamp';
  const built = existsSync(join(root, 'native/build/Release/dipper.node'));
  if (built && fresh(stamp, newest(['native'], ['.cc', '.h', '.inl', '.gyp'])))
    return say('native: up to date');
  process.stdout.write('native: compiling the C++ engine (about two minutes the first time) ...\n');
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include/node/node_api.h'))
    ? [`--nodedir=${prefix}`]
    : [];
  const gyp = require.resolve('node-gyp/bin/node-gyp.js');
  const jobs = `--jobs=${availableParallelism()}`;
  const verb = existsSync(join(root, 'native/build/Makefile'))
    ? ['configure', 'build']
    : ['rebuild'];
  run('native', process.execPath, [
    gyp,
    ...verb,
    '--directory=native',
    '--release',
    jobs,
    ...headers,
  ]);
  mark(stamp);
}

function buildTypeScript() {
  const stamp = 'dist/.stamp';
  const sourcesMs = newest(['src', 'actors', 'native', 'pipelines', 'scripts'], ['.ts', '.mjs']);
  const configMs = statSync(join(root, 'tsconfig.json')).mtimeMs;
  if (fresh(stamp, Math.max(sourcesMs, configMs))) return say('typescript: up to date');
  run('typescript', process.execPath, [
    require.resolve('typescript/bin/tsc'),
    '-p',
    'tsconfig.json',
  ]);
  run('descriptors', process.execPath, [join(root, 'scripts/proto-descriptors.mjs')]);
  mark(stamp);
}

if (all || args.has('--native')) buildNative();
if (all || args.has('--ts')) buildTypeScript();
