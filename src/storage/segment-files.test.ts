// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Segment files: what native code would open is what was written, damage is named, the rows cache
// heals itself, and power loss never leaves half of a segment that a commit points to.

import { beforeAll, describe, expect, test } from 'vitest';
import { crc32c } from '../../test/sim/crc32c.ts';
import { sampleImage, sampleSchema } from '../../test/sim/sample-segment.ts';
import { SimDisk } from '../../test/sim/sim-disk.ts';
import type { NativeSource, SegmentImage } from '../../native/index.ts';
import { at, seededRandom } from '../core/index.ts';
import { type SegmentFiles, type SegmentMeta, schemaToNativeJson } from '../model/index.ts';
import { decodeBaseParquet, encodeBaseParquet } from './base-parquet.ts';
import {
  indexSourceOf,
  type SegmentFileDeps,
  sealedSourceOf,
  verifySegment,
  writeDeleteFile,
  writeIndexFile,
  writeSegment,
} from './segment-files.ts';

const folder = 'c/1/0/42';
const image = sampleImage(200);
/** Encoded once: the crash sweep writes the same segment hundreds of times. */
let parquet = new Uint8Array(0);

beforeAll(async () => {
  parquet = new Uint8Array(await encodeBaseParquet(image.base, schemaToNativeJson(sampleSchema)));
});

function newDisk(seed: number): SimDisk {
  return new SimDisk({ random: seededRandom(seed), clock: null, latencyMs: 0 });
}

function depsOn(disk: SimDisk): SegmentFileDeps {
  return {
    disk,
    crc32c,
    encodeBase: () => Promise.resolve(parquet),
    decodeBase: decodeBaseParquet,
  };
}

function metaOf(files: SegmentFiles, more: Partial<SegmentMeta> = {}): SegmentMeta {
  return {
    segmentId: 42,
    partitionId: 7,
    rowCount: image.rowCount,
    minTimestamp: '1',
    maxTimestamp: '2',
    commitTimestamp: '0',
    sizeBytes: 0,
    sortedByKey: true,
    folder,
    files,
    deletes: null,
    indexes: [],
    ...more,
  };
}

function bytesOf(source: NativeSource): Uint8Array {
  expect('bytes' in source).toBe(true);
  return 'bytes' in source ? source.bytes : new Uint8Array(0);
}

async function expectOpens(
  disk: SimDisk,
  meta: SegmentMeta,
  expected: SegmentImage,
): Promise<void> {
  const source = await sealedSourceOf(depsOn(disk), meta, sampleSchema);
  expect(Buffer.compare(bytesOf(source.base), expected.base)).toBe(0);
  expect(Buffer.compare(bytesOf(source.keys), expected.keys)).toBe(0);
  const vectors = at(source.vectors, 0);
  expect(vectors.fieldId).toBe(101);
  expect(Buffer.compare(bytesOf(vectors.source), at(expected.vectors, 0).bytes)).toBe(0);
}

test('what was written is what is opened', async () => {
  const disk = newDisk(1);
  const deps = depsOn(disk);
  const files = await writeSegment(deps, folder, image, sampleSchema);
  const deletes = await writeDeleteFile(deps, folder, {
    version: 1,
    image: Uint8Array.of(1, 2, 3),
    throughTimestamp: 99n,
  });
  const index = await writeIndexFile(deps, folder, {
    fieldId: 101,
    indexId: 5,
    indexName: 'ann',
    image: Uint8Array.of(9, 8),
  });
  const meta = metaOf(files, { deletes, indexes: [index] });
  const found = disk.crash();
  await expectOpens(found, meta, image);
  const source = await sealedSourceOf(depsOn(found), meta, sampleSchema);
  expect([source.segmentId, source.partitionId, source.deletes]).toEqual([
    42,
    7,
    Uint8Array.of(1, 2, 3),
  ]);
  expect(bytesOf(await indexSourceOf(depsOn(found), folder, index))).toEqual(Uint8Array.of(9, 8));
  expect(deletes.throughTimestamp).toBe('99');
  await verifySegment(depsOn(found), meta);
});

test('a delete file of the same version but another content is another file', async () => {
  const deps = depsOn(newDisk(2));
  await writeSegment(deps, folder, image, sampleSchema);
  const write = (byte: number): ReturnType<typeof writeDeleteFile> =>
    writeDeleteFile(deps, folder, { version: 1, image: Uint8Array.of(byte), throughTimestamp: 1n });
  expect((await write(1)).name).not.toBe((await write(2)).name);
  expect((await write(3)).name).toBe((await write(3)).name);
});

describe('base.rows is a cache', () => {
  test.each([
    ['missing', async (disk: SimDisk) => disk.remove(`${folder}/base.rows`)],
    ['flipped', async (disk: SimDisk) => disk.flip(`${folder}/base.rows`, 777)],
    ['cut', async (disk: SimDisk) => disk.cut(`${folder}/base.rows`, 1_000)],
    ['empty', async (disk: SimDisk) => disk.cut(`${folder}/base.rows`, 0)],
  ])('%s: made again from base.parquet', async (_name, damage) => {
    const disk = newDisk(3);
    const meta = metaOf(await writeSegment(depsOn(disk), folder, image, sampleSchema));
    const before = disk.bytesOf(`${folder}/base.rows`);
    await damage(disk);
    await expectOpens(disk, meta, image);
    expect(Buffer.compare(disk.bytesOf(`${folder}/base.rows`), before)).toBe(0);
  });

  test('one of another segment does not pass', async () => {
    const disk = newDisk(4);
    const deps = depsOn(disk);
    const meta = metaOf(await writeSegment(deps, folder, image, sampleSchema));
    const other = sampleImage(50);
    const encodeBase = (): Promise<Uint8Array> =>
      encodeBaseParquet(other.base, schemaToNativeJson(sampleSchema));
    await writeSegment({ ...deps, encodeBase }, 'c/1/0/43', other, sampleSchema);
    await disk.rename('c/1/0/43/base.rows', `${folder}/base.rows`);
    await expectOpens(disk, meta, image);
  });
});

describe('damage is found and named', () => {
  test('a flip in every 512 bytes of every file, a cut, a loss', async () => {
    const disk = newDisk(5);
    const deps = depsOn(disk);
    const files = await writeSegment(deps, folder, image, sampleSchema);
    const deletes = await writeDeleteFile(deps, folder, {
      version: 1,
      image: image.keys,
      throughTimestamp: 1n,
    });
    const meta = metaOf(files, { deletes });
    for (const file of [files.baseParquet, files.keys, at(files.vectors, 0), deletes]) {
      const path = `${folder}/${file.name}`;
      const damages = [(copy: SimDisk) => copy.cut(path, file.sizeBytes - 1)];
      for (let offset = 0; offset < file.sizeBytes; offset += 512) {
        damages.push((copy) => copy.flip(path, offset));
      }
      for (const damage of damages) {
        const copy = disk.copy(seededRandom(1));
        damage(copy);
        const error = { code: 'corrupt', message: expect.stringContaining(path) };
        await expect(verifySegment(depsOn(copy), meta)).rejects.toMatchObject(error);
        // Opening reads all but base.parquet, which only a repair needs.
        if (file === files.baseParquet) await expectOpens(copy, meta, image);
        else
          await expect(sealedSourceOf(depsOn(copy), meta, sampleSchema)).rejects.toMatchObject(
            error,
          );
      }
      const copy = disk.copy(seededRandom(2));
      await copy.remove(path);
      await expect(verifySegment(depsOn(copy), meta)).rejects.toMatchObject({ code: 'corrupt' });
    }
  });
});

test('power loss at every call: a segment that writeSegment answered for is whole', async () => {
  const whole = newDisk(6);
  const expected = metaOf(await writeSegment(depsOn(whole), folder, image, sampleSchema));
  const operations = whole.operationCount();
  expect(operations).toBeGreaterThan(20);
  for (let operation = 1; operation <= operations + 4; operation++) {
    const disk = newDisk(1_000 + operation);
    disk.setFaults({ powerLossAt: operation });
    let answered = false;
    const write = writeSegment(depsOn(disk), folder, image, sampleSchema).then(() => {
      answered = true;
    });
    await Promise.race([write, disk.powerLost]);
    const found = disk.crash();
    if (answered) await expectOpens(found, expected, image);
    // A second try over whatever the first one left, cut off in its turn, never tears a whole one.
    await writeSegment(depsOn(found), folder, image, sampleSchema);
    found.setFaults({ powerLossAt: found.operationCount() + operation });
    await Promise.race([writeSegment(depsOn(found), folder, image, sampleSchema), found.powerLost]);
    await expectOpens(found.crash(), expected, image);
  }
});

test('a full disk is a disk-full error', async () => {
  const disk = newDisk(7);
  disk.setFaults({ capacityBytes: 20_000 });
  await expect(writeSegment(depsOn(disk), folder, image, sampleSchema)).rejects.toMatchObject({
    code: 'disk-full',
  });
});
