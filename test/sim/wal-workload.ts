// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A log under a random workload beside the simplest model of one: a list. What was acknowledged
// must be there after any crash, in order, with its bytes; what was not may be there or not, but
// only as a beginning of the rest; nothing else may be there.

import { expect } from 'vitest';
import { at, type Random } from '../../src/core/index.ts';
import {
  type EnvelopeDraft,
  emptyEnvelopeFields,
  envelopeHeadRoomBytes,
  envelopeKinds,
  type FileWalOptions,
  openFileWal,
  type Wal,
} from '../../src/storage/index.ts';
import { crc32c } from './crc32c.ts';
import type { SimDisk } from './sim-disk.ts';

export const walFolder = 'log/0';

/** Small files, so that a short workload rolls often. */
export const smallFiles: FileWalOptions = {
  fileSizeBytes: 16_384,
  zeroAheadBytes: 2_048,
  minLastSequence: 0,
};

/** What the callers of a log know of it. The n-th body travels with n as its timestamp. */
export class WalModel {
  /** Bodies in the order appended. */
  bodies: Uint8Array[] = [];
  /** So many of them were promised to survive. */
  durableCount = 0;
  /** So many may be gone because they were trimmed. */
  trimmedCount = 0;

  copy(): WalModel {
    return Object.assign(new WalModel(), this, { bodies: [...this.bodies] });
  }
}

export function openWal(disk: SimDisk, random: Random, options = smallFiles): Promise<Wal> {
  return openFileWal({ disk, random, crc32c }, walFolder, options);
}

/** A write whose body is a multiple of 64 random bytes. */
export function randomDraft(random: Random, blockCountMax: number): EnvelopeDraft {
  const body = random.bytes(64 * Math.floor(random.unit() * (blockCountMax + 1)));
  const buffer = new Uint8Array(new SharedArrayBuffer(envelopeHeadRoomBytes + body.byteLength));
  buffer.set(body, envelopeHeadRoomBytes);
  return { ...emptyEnvelopeFields, kind: envelopeKinds.write, shardId: 1, buffer };
}

/** Appends a group and tells the model what was answered. */
export async function appendGroup(
  wal: Wal,
  model: WalModel,
  drafts: readonly EnvelopeDraft[],
  sync: boolean,
): Promise<void> {
  const numbered = drafts.map((draft) => {
    model.bodies.push(draft.buffer.slice(envelopeHeadRoomBytes));
    return { ...draft, lastTimestamp: BigInt(model.bodies.length) };
  });
  const result = await wal.append(numbered, { sync });
  if (result.durableSequence === result.lastSequence) model.durableCount = model.bodies.length;
}

/** Groups of one to four envelopes, some synced later, now and then a trim. */
export async function runWorkload(
  wal: Wal,
  model: WalModel,
  random: Random,
  groups: number,
): Promise<void> {
  const marks: { readonly sequence: number; readonly count: number }[] = [];
  for (let i = 0; i < groups; i++) {
    const length = 1 + Math.floor(random.unit() * 4);
    const drafts = Array.from({ length }, () => randomDraft(random, random.unit() < 0.1 ? 80 : 12));
    await appendGroup(wal, model, drafts, random.unit() < 0.7);
    marks.push({ sequence: wal.lastSequence, count: model.bodies.length });
    if (random.unit() < 0.2) {
      await wal.sync();
      model.durableCount = model.bodies.length;
    }
    if (random.unit() < 0.1) {
      const mark = at(marks, Math.floor(marks.length / 2));
      model.trimmedCount = mark.count;
      await wal.trim(mark.sequence);
    }
  }
}

/** Every write that the log holds: its number and its body. */
export async function readBodies(wal: Wal): Promise<{ number: number; body: Uint8Array }[]> {
  const found: { number: number; body: Uint8Array }[] = [];
  let next = wal.firstSequence;
  await wal.read(wal.firstSequence, (envelope) => {
    expect(envelope.sequence).toBe(next++);
    if (envelope.kind !== envelopeKinds.write) return;
    found.push({ number: Number(envelope.lastTimestamp), body: envelope.body });
  });
  expect(next).toBe(wal.lastSequence + 1);
  return found;
}

/**
 * Compares a reopened log with the model and takes what it holds as the truth from here on: a
 * reader has seen it now.
 */
export async function expectRecovered(wal: Wal, model: WalModel): Promise<void> {
  const found = await readBodies(wal);
  const first = found[0]?.number ?? model.trimmedCount + 1;
  expect(first).toBeLessThanOrEqual(model.trimmedCount + 1);
  const count = first - 1 + found.length;
  expect(count, 'everything acknowledged is there').toBeGreaterThanOrEqual(model.durableCount);
  found.forEach(({ number, body }, i) => {
    expect(number, 'order is kept').toBe(first + i);
    expect(Buffer.compare(body, at(model.bodies, number - 1)), 'nothing is invented').toBe(0);
  });
  model.bodies.length = count;
  model.durableCount = count;
}
