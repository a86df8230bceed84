// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A log whose files were cut, damaged, swapped or lost: refused with the file's name when that is
// provable, else the log ends before the damage and only what nothing proved durable is gone.

import { describe, expect, test } from 'vitest';
import { crc32c } from '../../test/sim/crc32c.ts';
import { SimDisk } from '../../test/sim/sim-disk.ts';
import {
  appendGroup,
  openWal,
  randomDraft,
  readBodies,
  WalModel,
  walFolder,
} from '../../test/sim/wal-workload.ts';
import { at, DbError, seededRandom } from '../core/index.ts';
import { frameBytes, readEnvelopeHeader } from './envelope.ts';
import { logFileHeaderBytes, logFileName } from './log-file.ts';

/** Frames of the last file: where each begins and ends. */
interface Frame {
  readonly start: number;
  readonly end: number;
}

interface Prepared {
  readonly disk: SimDisk;
  readonly model: WalModel;
  readonly lastPath: string;
  /** Frames of the last file in order. */
  readonly frames: readonly Frame[];
  /** Writes in the log less the frames of the last file. */
  readonly before: number;
}

/** A log of some files; each envelope is a group of its own, synced unless told otherwise. */
async function prepare(count: number, syncEvery = 1, blockCountMax = 20): Promise<Prepared> {
  const disk = new SimDisk({ random: seededRandom(1), clock: null, latencyMs: 0 });
  const random = seededRandom(2);
  const wal = await openWal(disk, random);
  const model = new WalModel();
  for (let i = 1; i <= count; i++) {
    await appendGroup(wal, model, [randomDraft(random, blockCountMax)], i % syncEvery === 0);
  }
  await wal.close();
  const names = (await disk.list(walFolder)).sort();
  const lastPath = `${walFolder}/${at(names, names.length - 1)}`;
  const frames = framesIn(disk.bytesOf(lastPath));
  // In a log of one file this is -1, since the epoch record is no write.
  return { disk, model, lastPath, frames, before: count - frames.length };
}

function framesIn(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let start = logFileHeaderBytes; ; ) {
    const header = readEnvelopeHeader(bytes.subarray(start), crc32c);
    if (header === null) return frames;
    const end = start + frameBytes(header);
    frames.push({ start, end });
    start = end;
  }
}

/** Opens a damaged copy: the writes found, or the error. */
async function outcome(disk: SimDisk): Promise<number | DbError> {
  try {
    const wal = await openWal(disk, seededRandom(9));
    return (await readBodies(wal)).length;
  } catch (thrown) {
    return DbError.from(thrown);
  }
}

function expectCorrupt(found: number | DbError, path: string): void {
  expect(found).toBeInstanceOf(DbError);
  if (!(found instanceof DbError)) return;
  expect(found.code).toBe('corrupt');
  expect(found.message).toContain(path);
}

test('cut at every byte of the last frames: the log ends before the cut frame', async () => {
  const { disk, frames, before, lastPath } = await prepare(24, 1, 2);
  // Every frame's successor says that it was durable; only behind the cut nothing says anything.
  const last = frames.slice(-3);
  for (let cut = at(last, 0).start; cut < at(last, 2).end; cut++) {
    const copy = disk.copy(seededRandom(cut));
    copy.cut(lastPath, cut);
    const whole = frames.filter((frame) => frame.end <= cut).length;
    expect(await outcome(copy), `cut at ${cut}`).toBe(before + whole);
  }
});

test('a flip in each 64 bytes of every file is found or harmless', async () => {
  const { disk, model, frames, lastPath } = await prepare(45);
  const lastFrame = at(frames, frames.length - 1);
  const total = model.bodies.length;
  for (const name of await disk.list(walFolder)) {
    const path = `${walFolder}/${name}`;
    const size = disk.bytesOf(path).byteLength;
    for (let offset = 0; offset < size; offset += 64) {
      const copy = disk.copy(seededRandom(offset));
      const byte = offset + ((offset / 64) % 64);
      copy.flip(path, byte);
      const found = await outcome(copy);
      const inLastFrame = path === lastPath && byte >= lastFrame.start && byte < lastFrame.end;
      if (inLastFrame) {
        // Nothing came after it, so nothing can tell it from a write that was cut off.
        expect(found).toBe(total - 1);
      } else if (typeof found === 'number') {
        expect(found, `${path} at ${byte}`).toBe(total);
      } else expectCorrupt(found, path);
    }
  }
});

test('damage to frames is reported wherever a later frame proves them durable', async () => {
  const { disk, frames, lastPath } = await prepare(30);
  for (const frame of frames.slice(0, -1)) {
    const copy = disk.copy(seededRandom(frame.start));
    copy.flip(lastPath, frame.end - 1);
    expectCorrupt(await outcome(copy), `${lastPath} at offset ${frame.start}`);
  }
});

test.each([
  [50, 20],
  [40, 0],
])(
  'of %i frames (bodies to %i blocks) those behind a lost, un-synced one fall away',
  async (count, blocks) => {
    const { disk, frames, before, lastPath } = await prepare(count, 1_000, blocks);
    const index = frames.length - 4;
    expect(index).toBeGreaterThan(0);
    disk.flip(lastPath, at(frames, index).start + 1);
    expect(await outcome(disk)).toBe(before + index);
    // The epoch record stands where the lost frame stood; nothing whole may be left behind it.
    expect(await outcome(disk)).toBe(before + index);
  },
);

describe('files', () => {
  test('one missing in the middle', async () => {
    const { disk } = await prepare(60);
    await disk.remove(`${walFolder}/${logFileName(2)}`);
    expectCorrupt(await outcome(disk), logFileName(2));
  });

  test('swapped under each other’s names', async () => {
    const { disk } = await prepare(60);
    const [first, second] = [`${walFolder}/${logFileName(1)}`, `${walFolder}/${logFileName(2)}`];
    await disk.rename(first, 'swap');
    await disk.rename(second, first);
    await disk.rename('swap', second);
    expectCorrupt(await outcome(disk), first);
  });

  test('one from another log', async () => {
    const { disk } = await prepare(60);
    const other = new SimDisk({ random: seededRandom(3), clock: null, latencyMs: 0 });
    const random = seededRandom(77);
    const wal = await openWal(other, random);
    const model = new WalModel();
    for (let i = 0; i < 60; i++) await appendGroup(wal, model, [randomDraft(random, 20)], true);
    const path = `${walFolder}/${logFileName(2)}`;
    const file = await disk.open(path, { create: false });
    await file.truncate(0);
    await file.write(0, [other.bytesOf(path)]);
    expectCorrupt(await outcome(disk), path);
  });

  test('cut in the middle of the log', async () => {
    const { disk } = await prepare(60);
    const path = `${walFolder}/${logFileName(2)}`;
    disk.cut(path, 9_000);
    expectCorrupt(await outcome(disk), path);
  });

  test('an older copy of the last one is a shorter log, which what builds on it refuses', async () => {
    const { disk, model } = await prepare(10);
    const path = `${walFolder}/${logFileName(1)}`;
    const old = disk.bytesOf(path).slice(0, logFileHeaderBytes + 1_024);
    const file = await disk.open(path, { create: false });
    await file.truncate(0);
    await file.write(0, [old]);
    const options = {
      fileSizeBytes: 16_384,
      zeroAheadBytes: 2_048,
      minLastSequence: model.bodies.length + 1,
    };
    await expect(openWal(disk, seededRandom(1), options)).rejects.toMatchObject({
      code: 'corrupt',
    });
  });
});
