// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Planted bugs. Each is put between the engine and one of its parts, so the product has no hook for
// them; the simulation must find every one by comparing with the model, not by an assertion.

import type { ActorFactories, ShardWriterInit } from '../../actors/index.ts';
import type { NativeFace } from '../../native/index.ts';
import type { Disk, DiskFile } from '../../src/core/index.ts';

export interface Plant {
  readonly name: string;
  native(face: NativeFace): NativeFace;
  disk(disk: Disk): Disk;
  factories(factories: ActorFactories): ActorFactories;
}

export const noPlant: Plant = {
  name: 'none',
  native: (face) => face,
  disk: (disk) => disk,
  factories: (factories) => factories,
};

/** A disk whose files in a folder claim to be synced without being it. */
function lyingSync(disk: Disk, folder: string): Disk {
  return {
    ...bound(disk),
    open: async (path, options) => {
      const file = await disk.open(path, options);
      if (!path.startsWith(folder)) return file;
      const lying: DiskFile = {
        sizeBytes: () => file.sizeBytes(),
        write: (offset, buffers) => file.write(offset, buffers),
        read: (offset, length) => file.read(offset, length),
        sync: () => Promise.resolve(),
        truncate: (size) => file.truncate(size),
        close: () => file.close(),
      };
      return lying;
    },
  };
}

function bound(disk: Disk): Disk {
  return {
    open: (path, options) => disk.open(path, options),
    readFile: (path) => disk.readFile(path),
    exists: (path) => disk.exists(path),
    list: (folder) => disk.list(folder),
    makeFolder: (folder) => disk.makeFolder(folder),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    removeFolder: (folder) => disk.removeFolder(folder),
    syncFolder: (folder) => disk.syncFolder(folder),
    realPath: (path) => disk.realPath(path),
  };
}

export const plants: readonly Plant[] = [
  { ...noPlant, name: 'acknowledge before fsync', disk: (disk) => lyingSync(disk, 'log/') },
  // The manifest's record is not durable when the view moves and the log is trimmed.
  { ...noPlant, name: 'publish before commit', disk: (disk) => lyingSync(disk, 'meta/') },
  {
    ...noPlant,
    name: 'double apply on replay',
    factories: (factories) => ({
      ...factories,
      'shard-writer': (init) => {
        const { manifest, ...rest } = init as ShardWriterInit;
        const make = factories['shard-writer'];
        if (make === undefined) throw new TypeError('no shard writer');
        // One envelope too early: the last one in the files is applied again.
        return make({
          ...rest,
          manifest: { ...manifest, checkpointSequence: before(manifest.checkpointSequence) },
        });
      },
      log: (init) => {
        const make = factories['log'];
        if (make === undefined) throw new TypeError('no log');
        const log = make(init);
        return {
          ...log,
          handle: (message, effects) => {
            const replay = message.type === 'replay' && 'checkpoints' in message ? message : null;
            const early =
              replay === null ? message : { ...replay, checkpoints: earlier(replay.checkpoints) };
            log.handle(early, effects);
          },
        };
      },
    }),
  },
  {
    ...noPlant,
    name: 'delete lost in flush',
    native: (face) => ({
      ...face,
      sealImage: async (segment, through) => ({
        ...(await face.sealImage(segment, through)),
        deletes: null,
      }),
      deleteImage: () => null,
    }),
  },
  {
    ...noPlant,
    name: 'stale view',
    // A door keeps the timestamp of its first pin and reads there again instead of at the safe time.
    native: (face) => {
      const kept = new Map<number, bigint>();
      return {
        ...face,
        pinLatest: (shard, clock, physicalMs) => {
          const first = kept.get(shard);
          if (first === undefined) kept.set(shard, face.clockNext(clock, physicalMs));
          const stale = first === undefined ? 0 : face.pinView(shard, first);
          return stale === 0 ? face.pinLatest(shard, clock, physicalMs) : stale;
        },
      };
    },
  },
];

function before(sequence: number): number {
  return Math.max(0, sequence - 1);
}

function earlier(checkpoints: unknown): unknown {
  if (!Array.isArray(checkpoints)) return checkpoints;
  return checkpoints.map((entry: { readonly sequence: number }) => ({
    ...entry,
    sequence: before(entry.sequence),
  }));
}
