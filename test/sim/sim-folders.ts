// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The names of a simulated disk. A name is durable only when its folder was synced; until then
// power loss may bring back any state it had since. Names are taken one by one, so a rename may
// come back half done: harsher than journalled file systems, and the engine must not care.

import { at, DbError, type Random } from '../../src/core/index.ts';
import { SimInode } from './sim-inode.ts';

type Entry = SimInode | 'folder' | null;

export class SimFolders {
  readonly #current = new Map<string, Entry>([['', 'folder']]);
  readonly #durable = new Map<string, Entry>([['', 'folder']]);
  /** States of each name since its folder was last synced, oldest first. */
  readonly #history = new Map<string, Entry[]>();

  find(path: string): Entry {
    return this.#current.get(path) ?? null;
  }

  file(path: string): SimInode {
    const found = this.find(path);
    if (found instanceof SimInode) return found;
    throw new DbError({ code: 'disk-error', message: `${path}: ENOENT (simulated)` });
  }

  hasParent(path: string): boolean {
    return this.find(parentOf(path)) === 'folder';
  }

  set(path: string, entry: Entry): void {
    this.#current.set(path, entry);
    const states = this.#history.get(path);
    if (states === undefined) this.#history.set(path, [entry]);
    else states.push(entry);
  }

  list(folder: string): string[] {
    const names: string[] = [];
    for (const [path, entry] of this.#current) {
      if (entry !== null && path !== '' && parentOf(path) === folder) names.push(nameOf(path));
    }
    return names;
  }

  makeFolder(folder: string): void {
    if (folder === '' || this.find(folder) === 'folder') return;
    this.makeFolder(parentOf(folder));
    this.set(folder, 'folder');
  }

  removeFolder(folder: string): void {
    for (const [path, entry] of [...this.#current]) {
      const inside = path === folder || path.startsWith(`${folder}/`);
      if (inside && entry !== null) this.set(path, null);
    }
  }

  syncFolder(folder: string): void {
    if (this.find(folder) !== 'folder') {
      throw new DbError({ code: 'disk-error', message: `sync ${folder}: ENOENT (simulated)` });
    }
    for (const path of [...this.#history.keys()]) {
      if (parentOf(path) !== folder) continue;
      const entry = this.find(path);
      this.#durable.set(path, entry);
      this.#history.delete(path);
      if (entry === null) this.#forgetBelow(path);
    }
  }

  usedBytes(): number {
    const inodes = new Set<SimInode>();
    for (const entry of this.#current.values()) if (entry instanceof SimInode) inodes.add(entry);
    let sum = 0;
    for (const inode of inodes) sum += inode.size;
    return sum;
  }

  afterPowerLoss(random: Random, share: number): SimFolders {
    const chosen = new Map<string, Entry>();
    for (const path of new Set([...this.#durable.keys(), ...this.#history.keys()])) {
      const states = [this.#durable.get(path) ?? null, ...(this.#history.get(path) ?? [])];
      chosen.set(path, drawState(states, random, share));
    }
    const found = new SimFolders();
    const inodes = new Map<SimInode, SimInode>();
    // Shorter paths first, so that a parent is decided before what lies in it.
    for (const path of [...chosen.keys()].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
      const entry = chosen.get(path) ?? null;
      if (path === '' || entry === null || !found.hasParent(path)) continue;
      found.#adopt(path, entry === 'folder' ? entry : survivor(entry, inodes, random, share));
    }
    return found;
  }

  #adopt(path: string, entry: Entry): void {
    this.#current.set(path, entry);
    this.#durable.set(path, entry);
  }

  /** What lay in a folder that is durably gone cannot come back. */
  #forgetBelow(folder: string): void {
    for (const path of [...this.#durable.keys(), ...this.#history.keys()]) {
      if (!path.startsWith(`${folder}/`)) continue;
      this.#durable.delete(path);
      this.#history.delete(path);
    }
  }
}

function drawState(states: readonly Entry[], random: Random, share: number): Entry {
  const last = states.length - 1;
  const index = share === 0 ? 0 : share === 1 ? last : Math.floor(random.unit() * states.length);
  return states[index] ?? null;
}

function survivor(
  inode: SimInode,
  known: Map<SimInode, SimInode>,
  random: Random,
  share: number,
): SimInode {
  const before = known.get(inode);
  if (before !== undefined) return before;
  const after = inode.afterPowerLoss(random, share);
  known.set(inode, after);
  return after;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function nameOf(path: string): string {
  return at(path.split('/').slice(-1), 0);
}
