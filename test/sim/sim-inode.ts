// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One file of a simulated disk, twice: as the page cache shows it and as the medium holds it, with
// the writes in between that no sync has covered. After power loss any subset of those writes, cut
// at sectors and in any order, may have reached the medium.

import { at, type Random } from '../../src/core/index.ts';

const sectorBytes = 512;

type Pending =
  | {
      readonly kind: 'write';
      readonly id: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'truncate'; readonly id: number; readonly size: number };

/** Bytes that grow; what was never written reads as zero. */
class Image {
  #bytes: Uint8Array = new Uint8Array(0);
  size = 0;

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.byteLength;
    this.#reserve(end);
    this.#bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    this.#reserve(size);
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(Math.min(offset, this.size), Math.min(offset + length, this.size));
  }

  copy(): Image {
    const image = new Image();
    image.write(0, this.#bytes.subarray(0, this.size));
    return image;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.byteLength));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

export class SimInode {
  #cache = new Image();
  #durable = new Image();
  #pending: Pending[] = [];
  #nextId = 1;

  get size(): number {
    return this.#cache.size;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#cache.read(offset, length);
  }

  write(offset: number, bytes: Uint8Array): void {
    const kept = bytes.slice();
    this.#cache.write(offset, kept);
    this.#pending.push({ kind: 'write', id: this.#nextId++, offset, bytes: kept });
  }

  truncate(size: number): void {
    this.#cache.truncate(size);
    this.#pending.push({ kind: 'truncate', id: this.#nextId++, size });
  }

  /** Marks the writes so far; the sync that covers them may finish after later ones. */
  mark(): number {
    return this.#nextId - 1;
  }

  syncThrough(mark: number): void {
    for (const operation of this.#pending) {
      if (operation.id <= mark) applyWhole(this.#durable, operation);
    }
    this.#pending = this.#pending.filter((operation) => operation.id > mark);
  }

  /**
   * A sync that failed: some pages were written, the others are marked clean although they were
   * not, so no later sync writes them. The cache still shows them.
   */
  syncFailed(random: Random): void {
    for (const operation of this.#pending) applySome(this.#durable, operation, random, 0.5);
    this.#pending = [];
  }

  /** The file as found after power loss; share is the part of the un-synced sectors that made it. */
  afterPowerLoss(random: Random, share: number): SimInode {
    const found = new SimInode();
    const image = this.#durable.copy();
    for (const operation of this.#pending) applySome(image, operation, random, share);
    found.#durable = image;
    found.#cache = image.copy();
    return found;
  }

  /** Damages the medium and the cache alike. */
  flip(offset: number, mask: number): void {
    const byte = Uint8Array.of(at(this.#cache.read(offset, 1), 0) ^ mask);
    this.#cache.write(offset, byte);
    this.#durable.write(offset, byte);
  }

  /** Cuts the medium and the cache alike. */
  cut(size: number): void {
    this.#cache.truncate(size);
    this.#durable.truncate(size);
    this.#pending = [];
  }
}

function applyWhole(image: Image, operation: Pending): void {
  if (operation.kind === 'truncate') image.truncate(operation.size);
  else image.write(operation.offset, operation.bytes);
}

function applySome(image: Image, operation: Pending, random: Random, share: number): void {
  if (operation.kind === 'truncate') {
    if (random.unit() < share) image.truncate(operation.size);
    return;
  }
  const { offset, bytes } = operation;
  for (let from = offset; from < offset + bytes.byteLength; ) {
    const nextSector = (Math.floor(from / sectorBytes) + 1) * sectorBytes;
    const until = Math.min(nextSector, offset + bytes.byteLength);
    if (random.unit() < share) image.write(from, bytes.subarray(from - offset, until - offset));
    from = until;
  }
}
