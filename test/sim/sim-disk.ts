// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A disk that misbehaves on purpose, from a seed. It keeps what the page cache shows apart from
// what the medium holds: crash() gives the disk as found after power loss, with un-synced writes
// lost, torn or reordered and un-synced names back at any of their earlier states. Faults (EIO,
// ENOSPC, a failing sync) come by rate or at a chosen operation. After power loss calls to the old
// disk never answer, just as the process that made them would never see them return.

import {
  assert,
  at,
  type Clock,
  DbError,
  type Disk,
  type DiskFile,
  type Random,
} from '../../src/core/index.ts';
import { SimFolders } from './sim-folders.ts';
import { SimInode } from './sim-inode.ts';

export type DiskOperation = 'read' | 'write' | 'sync' | 'names';
export type DiskFault = 'error' | 'no-space';

/** What goes wrong; rates are chances a call. */
export interface DiskFaults {
  readonly readErrorRate: number;
  readonly writeErrorRate: number;
  readonly syncErrorRate: number;
  readonly noSpaceRate: number;
  /** Bytes that all files together may take; null = no bound. */
  readonly capacityBytes: number | null;
  /** Fails one call, counted over the disk's life. */
  readonly failAt: { readonly operation: number; readonly fault: DiskFault } | null;
  /** Power goes at this call, before or after its effect. */
  readonly powerLossAt: number | null;
}

export const noDiskFaults: DiskFaults = {
  readErrorRate: 0,
  writeErrorRate: 0,
  syncErrorRate: 0,
  noSpaceRate: 0,
  capacityBytes: null,
  failAt: null,
  powerLossAt: null,
};

export interface SimDiskOptions {
  readonly random: Random;
  /** Gives calls a latency in virtual time; null = they answer at once. */
  readonly clock: Clock | null;
  /** Longest latency of a call other than sync; a sync takes up to ten times as long. */
  readonly latencyMs: number;
}

export class SimDisk implements Disk {
  readonly #options: SimDiskOptions;
  readonly #folders: SimFolders;
  readonly #faultCounts = new Map<string, number>();
  #faults = noDiskFaults;
  #operationCount = 0;
  #dead = false;
  #onPowerLoss: () => void = () => undefined;
  /** Resolves when faults.powerLossAt was reached or crash() called. */
  readonly powerLost: Promise<void>;

  constructor(options: SimDiskOptions, folders = new SimFolders()) {
    this.#options = options;
    this.#folders = folders;
    this.powerLost = new Promise((resolve) => {
      this.#onPowerLoss = resolve;
    });
  }

  setFaults(faults: Partial<DiskFaults>): void {
    this.#faults = { ...noDiskFaults, ...faults };
  }

  /** Calls so far, for choosing failAt and powerLossAt. */
  operationCount(): number {
    return this.#operationCount;
  }

  /** How often each fault was given. */
  faultCounts(): ReadonlyMap<string, number> {
    return this.#faultCounts;
  }

  /** Cuts the power; returns the disk as the next start finds it, without faults. */
  crash(): SimDisk {
    this.#losePower();
    const { random } = this.#options;
    const draw = random.unit();
    // Nothing and everything surviving are the two ends that rates in between seldom reach.
    const share = draw < 0.2 ? 0 : draw < 0.4 ? 1 : random.unit();
    return new SimDisk(this.#options, this.#folders.afterPowerLoss(random, share));
  }

  /** A second disk with the same files, for trying several futures; un-synced writes count as made. */
  copy(random: Random): SimDisk {
    return new SimDisk({ ...this.#options, random }, this.#folders.afterPowerLoss(random, 1));
  }

  /** The process dies, the machine lives: the page cache stays, calls of the old process do not. */
  restart(): SimDisk {
    this.#losePower();
    return new SimDisk(this.#options, this.#folders);
  }

  /** Damages one byte of a file. */
  flip(path: string, offsetBytes: number, mask = 0x10): void {
    this.#folders.file(path).flip(offsetBytes, mask);
  }

  /** Cuts a file behind the engine's back. */
  cut(path: string, sizeBytes: number): void {
    this.#folders.file(path).cut(sizeBytes);
  }

  /** A file's bytes as the cache shows them, without faults. */
  bytesOf(path: string): Uint8Array {
    const inode = this.#folders.file(path);
    return inode.read(0, inode.size);
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    const inode = await this.#operate(options.create ? 'names' : 'read', path, () => {
      const found = this.#folders.find(path);
      if (found instanceof SimInode) return found;
      if (!options.create || !this.#folders.hasParent(path)) throw missing(path);
      const created = new SimInode();
      this.#folders.set(path, created);
      return created;
    });
    return this.#file(path, inode);
  }

  readFile(path: string): Promise<Uint8Array | null> {
    return this.#operate('read', path, () => {
      const found = this.#folders.find(path);
      return found instanceof SimInode ? found.read(0, found.size) : null;
    });
  }

  exists(path: string): Promise<boolean> {
    return this.#operate('read', path, () => this.#folders.find(path) !== null);
  }

  list(folder: string): Promise<string[]> {
    // Folders have no order on a real disk either.
    return this.#operate('read', folder, () =>
      shuffled(this.#folders.list(folder), this.#options.random),
    );
  }

  makeFolder(folder: string): Promise<void> {
    return this.#operate('names', folder, () => this.#folders.makeFolder(folder));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operate('names', from, () => {
      const inode = this.#folders.file(from);
      if (!this.#folders.hasParent(to)) throw missing(to);
      this.#folders.set(to, inode);
      this.#folders.set(from, null);
    });
  }

  remove(path: string): Promise<void> {
    return this.#operate('names', path, () => {
      if (this.#folders.find(path) !== null) this.#folders.set(path, null);
    });
  }

  removeFolder(folder: string): Promise<void> {
    return this.#operate('names', folder, () => this.#folders.removeFolder(folder));
  }

  syncFolder(folder: string): Promise<void> {
    return this.#operate('sync', folder, () => this.#folders.syncFolder(folder));
  }

  realPath(): null {
    return null;
  }

  #file(path: string, inode: SimInode): DiskFile {
    return {
      sizeBytes: () => this.#operate('read', path, () => inode.size),
      read: (offset, length) => this.#operate('read', path, () => inode.read(offset, length)),
      write: (offset, buffers) => this.#write(path, inode, offset, buffers),
      sync: () => {
        const mark = inode.mark();
        return this.#operate(
          'sync',
          path,
          () => inode.syncThrough(mark),
          () => {
            inode.syncFailed(this.#options.random);
          },
        );
      },
      truncate: (size) => this.#operate('write', path, () => inode.truncate(size)),
      // Closing promises nothing and so is no point of failure.
      close: () => Promise.resolve(),
    };
  }

  #write(
    path: string,
    inode: SimInode,
    offset: number,
    buffers: readonly Uint8Array[],
  ): Promise<void> {
    const whole = joined(buffers);
    const { capacityBytes } = this.#faults;
    const growth = Math.max(0, offset + whole.byteLength - inode.size);
    const free = capacityBytes === null ? growth : capacityBytes - this.#folders.usedBytes();
    const full = growth > free;
    const effect = (): void => {
      if (!full) inode.write(offset, whole);
      else {
        const fits = Math.max(0, whole.byteLength - growth + Math.max(0, free));
        if (fits > 0) inode.write(offset, whole.subarray(0, fits));
        throw this.#fault('no-space', 'write', path);
      }
    };
    // A write that fails may still have written a part.
    return this.#operate('write', path, effect, () => {
      const part = Math.floor(this.#options.random.unit() * whole.byteLength);
      if (part > 0) inode.write(offset, whole.subarray(0, part));
    });
  }

  async #operate<T>(
    operation: DiskOperation,
    path: string,
    effect: () => T,
    failed: () => void = () => undefined,
  ): Promise<T> {
    if (this.#dead) return never();
    const number = ++this.#operationCount;
    const { random } = this.#options;
    const powerGoes = number === this.#faults.powerLossAt;
    if (powerGoes && random.unit() < 0.5) this.#losePower();
    const fault = this.#drawFault(operation, number);
    if (operation === 'sync') await this.#latency(10);
    if (this.#dead) return never();
    if (fault !== null) {
      failed();
      throw this.#fault(fault, operation, path);
    }
    const result = effect();
    if (powerGoes) this.#losePower();
    if (operation !== 'sync') await this.#latency(1);
    return this.#dead ? never() : result;
  }

  #drawFault(operation: DiskOperation, number: number): DiskFault | null {
    const faults = this.#faults;
    if (faults.failAt?.operation === number) return faults.failAt.fault;
    const { random } = this.#options;
    if (operation === 'read') return random.unit() < faults.readErrorRate ? 'error' : null;
    if (operation === 'sync') return random.unit() < faults.syncErrorRate ? 'error' : null;
    if (random.unit() < faults.noSpaceRate) return 'no-space';
    return random.unit() < faults.writeErrorRate ? 'error' : null;
  }

  #fault(fault: DiskFault, operation: DiskOperation, path: string): DbError {
    const name = `${operation} ${fault}`;
    this.#faultCounts.set(name, (this.#faultCounts.get(name) ?? 0) + 1);
    return fault === 'no-space'
      ? new DbError({ code: 'disk-full', message: `${operation} ${path}: ENOSPC (simulated)` })
      : new DbError({ code: 'disk-error', message: `${operation} ${path}: EIO (simulated)` });
  }

  #losePower(): void {
    this.#dead = true;
    this.#onPowerLoss();
  }

  #latency(factor: number): Promise<void> {
    const { clock, latencyMs, random } = this.#options;
    if (clock === null) return Promise.resolve();
    return new Promise((resolve) => {
      clock.timer(factor * latencyMs * random.unit(), resolve);
    });
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function missing(path: string): DbError {
  return new DbError({ code: 'disk-error', message: `open ${path}: ENOENT (simulated)` });
}

function joined(buffers: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0));
  let offset = 0;
  for (const buffer of buffers) {
    whole.set(buffer, offset);
    offset += buffer.byteLength;
  }
  return whole;
}

function shuffled(names: string[], random: Random): string[] {
  for (let i = names.length - 1; i > 0; i--) {
    const j = Math.floor(random.unit() * (i + 1));
    assert(j <= i, 'a draw lies in its range');
    [names[i], names[j]] = [at(names, j), at(names, i)];
  }
  return names;
}
