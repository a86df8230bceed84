// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The meta log beside a plain fold: compare-and-set, snapshots, and power loss at every call.

import { describe, expect, test } from 'vitest';
import { crc32c } from '../../test/sim/crc32c.ts';
import { SimDisk } from '../../test/sim/sim-disk.ts';
import { DbError, seededRandom } from '../core/index.ts';
import { type MetaLogOptions, openMetaLog } from './file-meta-log.ts';
import { fromMetaJson, type MetaLog, type MetaReducer, toMetaJson } from './meta-log.ts';

interface Counter {
  readonly last: bigint;
  readonly names: readonly string[];
}

interface Named {
  readonly name: string;
  readonly stamp: bigint;
}

const reducer: MetaReducer<Counter, Named> = {
  initial: { last: 0n, names: [] },
  apply(state, { name, stamp }) {
    if (name === '') throw new DbError({ code: 'name-invalid', message: 'a name has a letter' });
    return { last: stamp, names: [...state.names, name] };
  },
  toJson: (state) => state,
  fromJson: (json) => json as Counter,
};

const options: MetaLogOptions = {
  snapshotEveryRecords: 7,
  fileSizeBytes: 8_192,
  zeroAheadBytes: 1_024,
};

function newDisk(seed: number): SimDisk {
  return new SimDisk({ random: seededRandom(seed), clock: null, latencyMs: 0 });
}

function open(disk: SimDisk): Promise<MetaLog<Counter, Named>> {
  return openMetaLog({ disk, crc32c, random: seededRandom(1) }, 'meta', reducer, options);
}

const big = 2n ** 62n;

test('bigint survives JSON', () => {
  const value = { a: big, b: [{ c: -1n }], d: 'text', e: null };
  expect(fromMetaJson(toMetaJson(value))).toEqual(value);
});

test('commits are counted, folded and there after a reopen, across snapshots', async () => {
  const disk = newDisk(1);
  const log = await open(disk);
  expect([log.version, log.state]).toEqual([0, reducer.initial]);
  for (let i = 1; i <= 30; i++) {
    expect(await log.commit(i - 1, { name: `n${i}`, stamp: big + BigInt(i) })).toBe(i);
  }
  const { state } = log;
  await log.close();
  expect(await disk.exists('meta/snapshot.dsnp')).toBe(true);
  const again = await open(disk);
  expect([again.version, again.state]).toEqual([30, state]);
  expect(again.state.last).toBe(big + 30n);
});

describe('compare and set', () => {
  test('of two with one version the first wins', async () => {
    const log = await open(newDisk(2));
    const [first, second, third] = await Promise.allSettled([
      log.commit(0, { name: 'a', stamp: 1n }),
      log.commit(0, { name: 'b', stamp: 2n }),
      log.commit(null, { name: 'c', stamp: 3n }),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: 1 });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'version-conflict' } });
    expect(third).toMatchObject({ status: 'fulfilled', value: 2 });
    expect(log.state.names).toEqual(['a', 'c']);
  });

  test('a record that the reducer refuses is not committed', async () => {
    const disk = newDisk(3);
    const log = await open(disk);
    await expect(log.commit(null, { name: '', stamp: 1n })).rejects.toMatchObject({
      code: 'name-invalid',
    });
    expect(await log.commit(0, { name: 'a', stamp: 1n })).toBe(1);
    expect((await open(disk.crash())).state.names).toEqual(['a']);
  });
});

/** Commits names 1.. until the power goes; answers how many were acknowledged and asked for. */
async function commitUntilPowerLoss(
  disk: SimDisk,
): Promise<{ acknowledged: number; asked: number }> {
  const counts = { acknowledged: 0, asked: 0 };
  const work = async (): Promise<void> => {
    const log = await open(disk);
    while (counts.asked < 25) {
      const version = ++counts.asked;
      expect(await log.commit(version - 1, { name: `n${version}`, stamp: BigInt(version) })).toBe(
        version,
      );
      counts.acknowledged = version;
    }
    // Lets the snapshot that follows a commit come to its end.
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  await Promise.race([work(), disk.powerLost]);
  return counts;
}

test('power loss at every call: what was acknowledged is there, snapshots and all', async () => {
  const whole = newDisk(5);
  await commitUntilPowerLoss(whole);
  const operations = whole.operationCount();
  expect(operations).toBeGreaterThan(70);
  for (let operation = 1; operation <= operations; operation++) {
    const disk = newDisk(1_000 + operation);
    disk.setFaults({ powerLossAt: operation });
    const { acknowledged, asked } = await commitUntilPowerLoss(disk);
    const found = disk.crash();
    const log = await open(found);
    expect(log.version).toBeGreaterThanOrEqual(acknowledged);
    expect(log.version).toBeLessThanOrEqual(asked);
    const names = Array.from({ length: log.version }, (_, i) => `n${i + 1}`);
    expect(log.state.names).toEqual(names);
    const version = await log.commit(log.version, { name: 'more', stamp: 1n });
    expect((await open(found.crash())).state.names).toEqual([...names, 'more']);
    expect(version).toBe(names.length + 1);
  }
});

describe('damage', () => {
  async function written(): Promise<SimDisk> {
    const disk = newDisk(6);
    const log = await open(disk);
    for (let i = 1; i <= 20; i++) await log.commit(null, { name: `n${i}`, stamp: BigInt(i) });
    await log.close();
    return disk;
  }

  test('a flip anywhere in the snapshot is found', async () => {
    const disk = await written();
    const path = 'meta/snapshot.dsnp';
    const size = disk.bytesOf(path).byteLength;
    for (let offset = 0; offset < size; offset += 5) {
      const copy = disk.copy(seededRandom(offset));
      copy.flip(path, offset);
      await expect(open(copy), `offset ${offset}`).rejects.toMatchObject({ code: 'corrupt' });
    }
  });

  test('a snapshot that is gone, or an older one, is found', async () => {
    const disk = await written();
    await disk.remove('meta/snapshot.dsnp');
    await expect(open(disk)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('a full disk refuses commits and takes them again later', async () => {
    const disk = await written();
    const log = await open(disk);
    disk.setFaults({ capacityBytes: 100 });
    const name = 'x'.repeat(5_000);
    await expect(log.commit(null, { name, stamp: 1n })).rejects.toMatchObject({
      code: 'disk-full',
    });
    disk.setFaults({});
    expect(await log.commit(20, { name: 'after', stamp: 1n })).toBe(21);
    expect((await open(disk.crash())).version).toBe(21);
  });
});
