// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The format file: claimed once, refused when newer, whole after power loss.

import { expect, test } from 'vitest';
import { SimDisk } from '../../test/sim/sim-disk.ts';
import { seededRandom } from '../core/index.ts';
import { claimDataFormat } from './format.ts';

function newDisk(seed: number): SimDisk {
  return new SimDisk({ random: seededRandom(seed), clock: null, latencyMs: 0 });
}

async function put(disk: SimDisk, path: string, content: string): Promise<void> {
  const file = await disk.open(path, { create: true });
  await file.write(0, [new TextEncoder().encode(content)]);
}

test('an empty directory is claimed once', async () => {
  const disk = newDisk(1);
  await claimDataFormat(disk);
  const first = disk.bytesOf('format.json');
  await claimDataFormat(disk);
  expect(disk.bytesOf('format.json')).toEqual(first);
  expect(JSON.parse(new TextDecoder().decode(first))).toEqual({
    dipper: 'data directory',
    format: 1,
  });
});

test.each([
  ['a newer format', '{"format":2}', 'format-version'],
  ['no format', '{"other":2}', 'corrupt'],
  ['no JSON', 'hello', 'corrupt'],
])('%s is refused', async (_name, content, code) => {
  const disk = newDisk(2);
  await put(disk, 'format.json', content);
  await expect(claimDataFormat(disk)).rejects.toMatchObject({ code });
});

test('data without a format file is refused', async () => {
  const disk = newDisk(3);
  await disk.makeFolder('log');
  await expect(claimDataFormat(disk)).rejects.toMatchObject({ code: 'corrupt' });
});

test('power loss at every call leaves a directory that can be claimed', async () => {
  for (let operation = 1; operation < 16; operation++) {
    const disk = newDisk(operation);
    disk.setFaults({ powerLossAt: operation });
    await Promise.race([claimDataFormat(disk), disk.powerLost]);
    const found = disk.crash();
    await claimDataFormat(found);
    await claimDataFormat(found.crash());
  }
  expect.assertions(0);
});
