// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What a person meets at the door of a real process: loopback only, one process a directory, a
// newer directory refused, a port in use and a full disk each said in one line.

import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { repositoryRoot } from '../support/repository.ts';
import { freePort, startServer } from '../support/server.ts';

const laneTimeoutMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'dipper-doors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function place(name: string): string {
  const directory = join(folder, name);
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Runs the server where it cannot start; it must say why in one line and end. */
function refused(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(repositoryRoot, 'dist/src/main.js'), ...args], {
    encoding: 'utf8',
    timeout: laneTimeoutMs,
  });
}

function oneLine(result: SpawnSyncReturns<string>): string {
  expect(result.status).toBe(1);
  const lines = result.stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

test('a second process on the directory or the port is refused', {
  timeout: laneTimeoutMs,
}, async () => {
  const dataDirectory = place('held');
  const server = await startServer({ dataDirectory });
  expect(server.output()).toContain('listening on 127.0.0.1:');
  const sameDirectory = refused('--data', dataDirectory, '--port', '0', '--metrics-port', '0');
  expect(oneLine(sameDirectory)).toContain(`in use by pid ${server.pid}`);
  const other = place('other');
  const samePort = refused('--data', other, '--port', String(server.port), '--metrics-port', '0');
  expect(oneLine(samePort)).toContain(`127.0.0.1:${server.port} is in use`);
  await server.kill();
  const after = await startServer({ dataDirectory });
  expect(await after.stop()).toBe(0);
});

test('a directory of a newer version is refused', { timeout: laneTimeoutMs }, () => {
  const dataDirectory = place('newer');
  writeFileSync(join(dataDirectory, 'format.json'), '{"format":999}');
  const result = refused('--data', dataDirectory, '--port', '0', '--metrics-port', '0');
  expect(oneLine(result)).toContain('format 999');
});

test('unknown flags and values are refused by name', () => {
  expect(oneLine(refused('--prot', '1'))).toContain('--prot');
  expect(oneLine(refused('--port', 'ten'))).toContain('--port: expected an integer in [0, 65535]');
});

test('a wider address is warned about', { timeout: laneTimeoutMs }, async () => {
  const port = await freePort();
  const result = spawnSync(
    'timeout',
    [
      '3',
      process.execPath,
      join(repositoryRoot, 'dist/src/main.js'),
      '--data',
      place('wide'),
      '--host',
      '0.0.0.0',
      '--port',
      String(port),
      '--metrics-port',
      '0',
    ],
    { encoding: 'utf8' },
  );
  expect(result.stderr).toContain('no authentication');
});

const mayMount = process.getuid?.() === 0 && mounts(place('probe'), '1m');

test.runIf(mayMount)('a full disk is said in one line', { timeout: laneTimeoutMs }, () => {
  const dataDirectory = place('full');
  mounts(dataDirectory, '64k');
  try {
    const result = refused('--data', dataDirectory, '--port', '0', '--metrics-port', '0');
    expect(oneLine(result)).toMatch(/no space|disk/i);
  } finally {
    execFileSync('umount', [dataDirectory]);
  }
});

function mounts(directory: string, size: string): boolean {
  const mounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]).status === 0;
  if (mounted && size === '1m') execFileSync('umount', [directory]);
  return mounted;
}
