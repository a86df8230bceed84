// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Private Python environments for the lanes that need one. The SDK lane proves that the official
// Python client works unmodified, and the benches run two other servers that come as wheels; both
// must work after `npm install` without touching the Python of the machine. Each environment is a
// venv under .cache/, made once and stamped with a hash of its requirements and of the interpreter:
// a second call costs one file read, a changed pin rebuilds.
//
//   node scripts/python-env.mjs [sdk | bench | milvus23]...     (default: sdk)

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const requirementsOf = {
  sdk: 'test/requirements.txt',
  bench: 'bench/requirements.txt',
  milvus23: 'bench/requirements-milvus-2.3.txt',
};

/** The environment cannot be made here; the message says what is missing and how to get it. */
export class PythonEnvironmentError extends Error {
  name = 'PythonEnvironmentError';
}

/** Runs a command to its end and returns its exit code and output; -1 when it could not start. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

/** The interpreter that makes the environments, with its version; refuses what is too old. */
async function findPython() {
  const command = process.env.DIPPER_PYTHON ?? 'python3';
  const probe = await run(command, [
    '-c',
    'import sys, venv, ensurepip; print(sys.version.split()[0])',
  ]);
  const version = probe.output.trim();
  if (probe.code === -1) {
    throw new PythonEnvironmentError(
      `no Python: '${command}' could not be started. Install Python 3.10 or newer, ` +
        'or name one with DIPPER_PYTHON.',
    );
  }
  if (probe.code !== 0) {
    throw new PythonEnvironmentError(
      `'${command}' lacks the venv or pip module (Debian: apt-get install python3-venv).\n` +
        version,
    );
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major !== 3 || minor < 10) {
    throw new PythonEnvironmentError(`Python 3.10 or newer is needed, '${command}' is ${version}.`);
  }
  return { command, version };
}

/** Holds one environment while it is made: test files of one run may all ask for it at once. */
async function withLock(directory, work) {
  const lock = `${directory}.lock`;
  const staleMs = 15 * 60_000;
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const held = await stat(lock).catch(() => null);
      if (held !== null && Date.now() - held.mtimeMs > staleMs) {
        await rm(lock, { recursive: true, force: true });
      }
      await sleep(250);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function install(name, directory, requirements, python) {
  const say = (text) => process.stderr.write(`python-env ${name}: ${text}\n`);
  say(`making ${relative(root, directory)} with Python ${python.version}`);
  await rm(directory, { recursive: true, force: true });
  const made = await run(python.command, ['-m', 'venv', directory]);
  if (made.code !== 0) {
    throw new PythonEnvironmentError(
      `python -m venv failed (Debian: apt-get install python3-venv):\n${made.output}`,
    );
  }
  say(`installing ${requirements} (a minute or two)`);
  const pip = await run(join(directory, 'bin', 'python'), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    join(root, requirements),
  ]);
  if (pip.code !== 0) {
    throw new PythonEnvironmentError(
      `pip could not install ${requirements}; is a package index reachable?\n${pip.output}`,
    );
  }
  say('ready');
}

/**
 * Makes the named environment unless it is there and current, and says where its programs are.
 * @param {'sdk' | 'bench' | 'milvus23'} name
 * @returns {Promise<{ name: string, directory: string, python: string, bin: string }>}
 */
export async function ensurePythonEnv(name) {
  const requirements = requirementsOf[name];
  if (requirements === undefined) {
    const known = Object.keys(requirementsOf).join(', ');
    throw new PythonEnvironmentError(`no environment '${name}'; there are ${known}.`);
  }
  const directory = join(root, '.cache', `python-${name}`);
  const bin = join(directory, 'bin');
  const stampFile = join(directory, 'dipper-stamp');
  const python = await findPython();
  const pins = await readFile(join(root, requirements), 'utf8');
  const stamp = createHash('sha256').update(`${python.version}\n${pins}`).digest('hex');
  const isCurrent = async () =>
    (await readFile(stampFile, 'utf8').catch(() => '')).trim() === stamp;

  if (!(await isCurrent())) {
    await mkdir(dirname(directory), { recursive: true });
    await withLock(directory, async () => {
      if (await isCurrent()) return;
      await install(name, directory, requirements, python);
      await writeFile(stampFile, `${stamp}\n`);
    });
  }
  return { name, directory, python: join(bin, 'python'), bin };
}

async function main() {
  const names = process.argv.slice(2);
  for (const name of names.length === 0 ? ['sdk'] : names) {
    const env = await ensurePythonEnv(name);
    process.stdout.write(`${env.python}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    if (!(error instanceof PythonEnvironmentError)) throw error;
    process.stderr.write(`python-env: ${error.message}\n`);
    process.exitCode = 1;
  });
}
