// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The real disk behind its port, in a temporary directory.

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Disk } from './disk.ts';
import { openSystemDisk } from './system-disk.ts';

let root = '';
let disk: Disk;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dipper-disk-'));
  disk = openSystemDisk(root);
});

afterEach(() => rmSync(root, { recursive: true }));

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test('writes many buffers, shared ones too, and reads them back', async () => {
  const file = await disk.open('a', { create: true });
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7);
  const many = Array.from({ length: 3_000 }, (_, i) => bytes(i & 255));
  await file.write(10, [shared, bytes(), bytes(8, 9), ...many]);
  await file.sync();
  expect(await file.sizeBytes()).toBe(3_015);
  expect(await file.read(8, 8)).toEqual(bytes(0, 0, 7, 7, 7, 8, 9, 0));
  expect(await file.read(3_013, 100)).toEqual(bytes(2_998 & 255, 2_999 & 255));
  await file.truncate(11);
  expect(await file.sizeBytes()).toBe(11);
  await file.close();
  expect((await disk.readFile('a'))?.byteLength).toBe(11);
});

test('folders, names and what is not there', async () => {
  await disk.makeFolder('b/c');
  await (await disk.open('b/c/x', { create: true })).close();
  await disk.rename('b/c/x', 'b/c/y');
  await disk.syncFolder('b/c');
  await disk.syncFolder('');
  expect(await disk.list('b/c')).toEqual(['y']);
  expect(await disk.list('nowhere')).toEqual([]);
  expect([await disk.exists('b/c/y'), await disk.exists('b/c/x')]).toEqual([true, false]);
  expect(await disk.readFile('b/c/x')).toBeNull();
  await disk.remove('b/c/y');
  await disk.remove('b/c/y');
  await disk.removeFolder('b');
  await disk.removeFolder('b');
  expect(await disk.exists('b')).toBe(false);
  expect(disk.realPath('b/c')).toBe(join(root, 'b/c'));
});

test('errors name the operation and the path', async () => {
  await expect(disk.open('missing', { create: false })).rejects.toMatchObject({
    code: 'disk-error',
    message: expect.stringMatching(/^open missing: /),
  });
});

test('a full device is disk-full', async () => {
  symlinkSync('/dev/full', join(root, 'full'));
  const file = await disk.open('full', { create: false });
  await expect(file.write(0, [bytes(1)])).rejects.toMatchObject({ code: 'disk-full' });
  await file.close();
});

test('a path that leaves the directory is our mistake', () => {
  expect(() => disk.realPath('../x')).toThrow(/stays inside/);
  expect(() => disk.realPath('a/../../x')).toThrow(/stays inside/);
  expect(() => disk.realPath('/etc/passwd')).toThrow(/stays inside/);
});
