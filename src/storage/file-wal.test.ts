// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The file log beside a list: appends, rolls, reads, trims, and power loss at every single call to
// the disk, during recovery too. Un-synced writes are then lost, torn or reordered at random.

import { describe, expect, test } from 'vitest';
import { SimDisk } from '../../test/sim/sim-disk.ts';
import {
  appendGroup,
  expectRecovered,
  openWal,
  randomDraft,
  readBodies,
  runWorkload,
  smallFiles,
  WalModel,
  walFolder,
} from '../../test/sim/wal-workload.ts';
import { DbError, seededRandom } from '../core/index.ts';

function newDisk(seed: number): SimDisk {
  return new SimDisk({ random: seededRandom(seed), clock: null, latencyMs: 0 });
}

/** The code of the error that a promise ends with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (thrown) {
    return DbError.from(thrown).code;
  }
}

describe('without faults', () => {
  test('sequences are dense, files roll, everything is read back', async () => {
    const disk = newDisk(1);
    const random = seededRandom(2);
    const wal = await openWal(disk, random);
    expect([wal.firstSequence, wal.lastSequence, wal.epoch]).toEqual([1, 1, 1]);
    const model = new WalModel();
    for (let i = 0; i < 40; i++) {
      const before = wal.lastSequence;
      const drafts = [randomDraft(random, 30), randomDraft(random, 30)];
      await appendGroup(wal, model, drafts, true);
      expect(wal.lastSequence).toBe(before + 2);
      expect(wal.durableSequence).toBe(wal.lastSequence);
    }
    expect((await disk.list(walFolder)).length).toBeGreaterThan(3);
    await expectRecovered(wal, model);
    await wal.close();
    const again = await openWal(disk, random);
    expect(again.epoch).toBe(2);
    await expectRecovered(again, model);
    expect(model.bodies.length).toBe(80);
  });

  test('a group larger than a file makes a larger file', async () => {
    const disk = newDisk(3);
    const random = seededRandom(4);
    const wal = await openWal(disk, random);
    const model = new WalModel();
    await appendGroup(wal, model, [randomDraft(random, 4)], true);
    const large = Array.from({ length: 12 }, () => randomDraft(random, 100));
    await appendGroup(wal, model, large, true);
    await appendGroup(wal, model, [randomDraft(random, 4)], true);
    await wal.close();
    await expectRecovered(await openWal(disk.crash(), random), model);
    expect(model.bodies.length).toBe(14);
  });

  test('a trim removes whole files below, and what is gone cannot be asked for', async () => {
    const disk = newDisk(5);
    const random = seededRandom(6);
    const wal = await openWal(disk, random);
    const model = new WalModel();
    for (let i = 0; i < 60; i++) await appendGroup(wal, model, [randomDraft(random, 30)], true);
    const filesBefore = (await disk.list(walFolder)).length;
    await wal.trim(30);
    expect((await disk.list(walFolder)).length).toBeLessThan(filesBefore);
    expect(wal.firstSequence).toBeGreaterThan(1);
    expect(wal.firstSequence).toBeLessThanOrEqual(31);
    expect(await codeOf(wal.read(1, () => undefined))).toBe('corrupt');
    await wal.trim(1_000_000);
    expect((await disk.list(walFolder)).length).toBe(1);
    expect((await readBodies(wal)).length).toBe(wal.lastSequence - wal.firstSequence + 1);
    const from = wal.lastSequence - 1;
    const sequences: number[] = [];
    await wal.read(from, (envelope) => void sequences.push(envelope.sequence));
    expect(sequences).toEqual([from, from + 1]);
  });

  test('interval durability: appended at once, durable after sync', async () => {
    const disk = newDisk(7);
    const random = seededRandom(8);
    const wal = await openWal(disk, random);
    const result = await wal.append([randomDraft(random, 3)], { sync: false });
    expect([result.lastSequence, result.durableSequence]).toEqual([2, 1]);
    await wal.sync();
    expect(wal.durableSequence).toBe(2);
  });

  test('a log that ends before what others build on is refused', async () => {
    const disk = newDisk(9);
    const random = seededRandom(10);
    const wal = await openWal(disk, random);
    await wal.close();
    expect(await codeOf(openWal(disk, random, { ...smallFiles, minLastSequence: 2 }))).toBe(
      'corrupt',
    );
    expect(await codeOf(openWal(disk, random, { ...smallFiles, minLastSequence: 1 }))).toBe('none');
  });
});

describe('power loss', () => {
  /** Runs a workload until the power goes at one call; returns the disk found and the model. */
  async function crashAt(
    seed: number,
    operation: number | null,
  ): Promise<{ disk: SimDisk; model: WalModel }> {
    const disk = newDisk(seed * 1_000_003 + (operation ?? 0));
    disk.setFaults({ powerLossAt: operation });
    const model = new WalModel();
    const random = seededRandom(seed);
    const work = async (): Promise<void> => {
      await runWorkload(await openWal(disk, random), model, random, 14);
    };
    await Promise.race([work(), disk.powerLost]);
    return { disk, model };
  }

  test.each([11, 12, 13, 14, 15, 16])('at every call of workload %i', async (seed) => {
    const { disk: whole } = await crashAt(seed, null);
    const operations = whole.operationCount();
    expect(operations).toBeGreaterThan(40);
    for (let operation = 1; operation <= operations; operation++) {
      const { disk, model } = await crashAt(seed, operation);
      const found = disk.crash();
      const random = seededRandom(operation);
      const wal = await openWal(found, random);
      await expectRecovered(wal, model);
      // Life goes on, and a second crash finds both lives.
      await runWorkload(wal, model, random, 3);
      await expectRecovered(await openWal(found.crash(), random), model);
    }
  });

  test('during recovery, at every call of it', async () => {
    for (let seed = 20; seed < 30; seed++) {
      const { disk, model } = await crashAt(seed, 30 + seed);
      const first = disk.crash();
      for (let operation = 1; operation < 40; operation++) {
        const found = first.copy(seededRandom(seed * 100 + operation));
        found.setFaults({ powerLossAt: operation });
        await Promise.race([openWal(found, seededRandom(operation)), found.powerLost]);
        const again = found.crash();
        await expectRecovered(await openWal(again, seededRandom(seed)), model.copy());
      }
    }
  });

  test('the process dies, and the power goes while its successor recovers', async () => {
    for (let seed = 80; seed < 120; seed++) {
      for (let operation = 1; operation < 24; operation++) {
        const disk = newDisk(seed * 1_000 + operation);
        const random = seededRandom(seed);
        const model = new WalModel();
        const wal = await openWal(disk, random);
        await appendGroup(wal, model, [randomDraft(random, 12)], true);
        // These are in the page cache alone, where the successor finds them.
        for (let i = 0; i < 3; i++) await appendGroup(wal, model, [randomDraft(random, 12)], false);
        const alive = disk.restart();
        alive.setFaults({ powerLossAt: operation });
        const reopened = openWal(alive, random).then((again) => expectRecovered(again, model));
        await Promise.race([reopened, alive.powerLost]);
        await expectRecovered(await openWal(alive.crash(), random), model);
      }
    }
  });

  test('the process dies, the machine lives, then the power goes', async () => {
    for (let seed = 40; seed < 80; seed++) {
      const disk = newDisk(seed);
      disk.setFaults({ powerLossAt: seed });
      const random = seededRandom(seed);
      const model = new WalModel();
      const work = async (): Promise<void> => {
        await runWorkload(await openWal(disk, random), model, random, 30);
      };
      await Promise.race([work(), disk.powerLost]);
      const alive = disk.restart();
      const wal = await openWal(alive, random);
      await expectRecovered(wal, model);
      await expectRecovered(await openWal(alive.crash(), random), model);
    }
  });
});

describe('errors of the disk', () => {
  test('a failed sync ends the log, reads go on, a reopen keeps its word', async () => {
    for (let seed = 100; seed < 160; seed++) {
      const disk = newDisk(seed);
      const random = seededRandom(seed);
      const wal = await openWal(disk, random);
      const model = new WalModel();
      for (let i = 0; i < 5; i++) await appendGroup(wal, model, [randomDraft(random, 20)], true);
      disk.setFaults({ syncErrorRate: 1 });
      const group = [randomDraft(random, 20), randomDraft(random, 20)];
      expect(await codeOf(appendGroup(wal, model, group, true))).toBe('log-failed');
      disk.setFaults({});
      expect(await codeOf(wal.append([randomDraft(random, 1)], { sync: true }))).toBe('log-failed');
      expect((await readBodies(wal)).length).toBe(5);
      // The page cache still shows what the failed sync dropped.
      const alive = disk.restart();
      const reopened = await openWal(alive, random);
      await expectRecovered(reopened, model);
      await appendGroup(reopened, model, [randomDraft(random, 20)], true);
      await expectRecovered(await openWal(alive.crash(), random), model);
    }
  });

  test('a full disk refuses a group whole, and the log goes on when there is room', async () => {
    let refused = 0;
    for (let seed = 200; seed < 225; seed++) {
      const disk = newDisk(seed);
      const random = seededRandom(seed);
      const wal = await openWal(disk, random);
      const model = new WalModel();
      await appendGroup(wal, model, [randomDraft(random, 20)], true);
      disk.setFaults({ capacityBytes: 8_000 + 960 * (seed - 200) });
      for (let i = 0; i < 30; i++) {
        const known = model.bodies.length;
        const drafts = Array.from({ length: 1 + (i % 6) }, () =>
          randomDraft(random, i % 5 === 0 ? 30 : 1),
        );
        const code = await codeOf(appendGroup(wal, model, drafts, true));
        if (code === 'none') continue;
        expect(code).toBe('disk-full');
        model.bodies.length = known;
        refused++;
        await expectRecovered(await openWal(disk.copy(random), random), model.copy());
      }
      disk.setFaults({});
      await appendGroup(wal, model, [randomDraft(random, 20)], true);
      await expectRecovered(wal, model);
      await expectRecovered(await openWal(disk.crash(), random), model);
    }
    expect(refused).toBeGreaterThan(100);
  });

  test.each(['error', 'no-space'] as const)(
    '%s at every call: refused or failed, never lost',
    async (fault) => {
      for (let operation = 1; operation < 90; operation++) {
        for (let seed = 0; seed < 3; seed++) {
          const disk = newDisk(3 * operation + seed);
          disk.setFaults({ failAt: { operation, fault } });
          const random = seededRandom(300 + seed);
          const model = new WalModel();
          const work = async (): Promise<void> => {
            await runWorkload(await openWal(disk, random), model, random, 14);
          };
          expect(['none', 'disk-full', 'disk-error', 'log-failed']).toContain(await codeOf(work()));
          const alive = disk.restart();
          const wal = await openWal(alive, random);
          await expectRecovered(wal, model);
          await runWorkload(wal, model, random, 2);
          await expectRecovered(await openWal(alive.crash(), random), model);
        }
      }
    },
  );
});
