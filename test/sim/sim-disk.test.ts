// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The simulated disk itself: it must be able to do every harm it is there for, and no other.

import { expect, test } from 'vitest';
import { type DiskFile, seededRandom } from '../../src/core/index.ts';
import { SimDisk } from './sim-disk.ts';
import { VirtualClock } from './virtual-clock.ts';

function newDisk(seed: number): SimDisk {
  return new SimDisk({ random: seededRandom(seed), clock: null, latencyMs: 0 });
}

const sector = (value: number): Uint8Array => new Uint8Array(512).fill(value);

async function syncedFile(disk: SimDisk): Promise<DiskFile> {
  const file = await disk.open('f', { create: true });
  await file.write(0, [sector(1), sector(1), sector(1)]);
  await file.sync();
  await disk.syncFolder('');
  return file;
}

test('what was synced survives, what was not comes torn in every combination', async () => {
  const images = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const disk = newDisk(seed);
    const file = await syncedFile(disk);
    await file.write(0, [sector(2), sector(2), sector(2)]);
    const bytes = disk.crash().bytesOf('f');
    expect(bytes.byteLength).toBe(1_536);
    images.add([bytes[0], bytes[512], bytes[1_024]].join());
    expect(
      bytes.subarray(0, 512).every((byte) => byte === bytes[0]),
      'sectors are whole',
    ).toBe(true);
  }
  expect(images.size).toBe(8);
});

test('of two un-synced writes to one place the earlier, the later or none is found', async () => {
  const found = new Set<number | undefined>();
  for (let seed = 0; seed < 100; seed++) {
    const disk = newDisk(seed);
    const file = await syncedFile(disk);
    await file.write(0, [sector(2)]);
    await file.write(0, [sector(3)]);
    found.add(disk.crash().bytesOf('f')[0]);
  }
  expect([...found].sort()).toEqual([1, 2, 3]);
});

test('names are lost, kept or come back until their folder is synced', async () => {
  const found = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const disk = newDisk(seed);
    await syncedFile(disk);
    await disk.open('new', { create: true });
    await disk.rename('f', 'g');
    const after = disk.crash();
    found.add((await after.list('')).sort().join());
  }
  expect(found).toContain('f');
  expect(found).toContain('g,new');
  expect(found).toContain('f,new');
  const disk = newDisk(1);
  await syncedFile(disk);
  await disk.rename('f', 'g');
  await disk.syncFolder('');
  expect(await disk.crash().list('')).toEqual(['g']);
});

test('a folder that was not synced takes its files with it', async () => {
  let lost = 0;
  for (let seed = 0; seed < 50; seed++) {
    const disk = newDisk(seed);
    await disk.makeFolder('d');
    const file = await disk.open('d/f', { create: true });
    await file.write(0, [sector(1)]);
    await file.sync();
    await disk.syncFolder('d');
    const after = disk.crash();
    if (await after.exists('d')) expect(after.bytesOf('d/f').byteLength).toBe(512);
    else lost++;
  }
  expect(lost).toBeGreaterThan(5);
  expect(lost).toBeLessThan(45);
});

test('after a failed sync the pages look written and may be gone for ever', async () => {
  let gone = 0;
  for (let seed = 0; seed < 50; seed++) {
    const disk = newDisk(seed);
    const file = await syncedFile(disk);
    await file.write(0, [sector(2)]);
    disk.setFaults({ syncErrorRate: 1 });
    await expect(file.sync()).rejects.toMatchObject({ code: 'disk-error' });
    disk.setFaults({});
    await file.sync();
    expect(disk.bytesOf('f')[0]).toBe(2);
    if (disk.crash().bytesOf('f')[0] === 1) gone++;
  }
  expect(gone).toBeGreaterThan(10);
  expect(gone).toBeLessThan(40);
});

test('a full disk takes what fits', async () => {
  const disk = newDisk(1);
  const file = await syncedFile(disk);
  disk.setFaults({ capacityBytes: 2_000 });
  await expect(file.write(1_536, [sector(2)])).rejects.toMatchObject({ code: 'disk-full' });
  expect(await file.sizeBytes()).toBe(2_000);
  await file.write(0, [sector(5)]);
  await disk.remove('f');
  const other = await disk.open('g', { create: true });
  await other.write(0, [sector(6)]);
});

test('errors come at the call chosen, and power goes at the call chosen', async () => {
  const disk = newDisk(1);
  disk.setFaults({ failAt: { operation: 2, fault: 'error' } });
  const file = await disk.open('f', { create: true });
  await expect(file.write(0, [sector(1)])).rejects.toMatchObject({ code: 'disk-error' });
  await file.write(0, [sector(1)]);
  expect([...disk.faultCounts()]).toEqual([['write error', 1]]);
  disk.setFaults({ powerLossAt: disk.operationCount() + 1 });
  const answered = file.sync().then(() => 'answered');
  expect(await Promise.race([answered, disk.powerLost.then(() => 'power lost')])).toBe(
    'power lost',
  );
});

test('calls take virtual time', async () => {
  const clock = new VirtualClock(seededRandom(1));
  const disk = new SimDisk({ random: seededRandom(2), clock, latencyMs: 4 });
  expect(await clock.runUntil(syncedFile(disk))).toBe(true);
  expect(clock.monotonicMs()).toBeGreaterThan(0);
  expect(clock.monotonicMs()).toBeLessThan(200);
});
