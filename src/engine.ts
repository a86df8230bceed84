// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Composition shared by every mode: which factories make the actors from the given parts, where
// each actor lives, and the order of opening. The parts themselves (disk, clock, native pool,
// hosts) are chosen by the mode: main.ts, a cell's worker, or a simulation.

import {
  type ActorFactories,
  ActorSystem,
  behaviour,
  type CatalogMirror,
  coordinatorActor,
  coordinatorAddress,
  type Host,
  logActor,
  type LogInit,
  mirrorActor,
  mirrorAddress,
  newCoordinatorState,
  newLogState,
  newShardReaderState,
  newShardWriterState,
  type Packet,
  type Post,
  shardReaderActor,
  type ShardReaderInit,
  shardWriterActor,
  type ShardWriterInit,
} from '../actors/index.ts';
import type { NativeFace, NativeHandle } from '../native/index.ts';
import type { FlushPolicy } from '../pipelines/index.ts';
import type { Clock, DbError, Disk, Random } from './core/index.ts';
import {
  type AppliedEvent,
  applyCatalogRecord,
  type CatalogJson,
  catalogFromJson,
  catalogToJson,
  emptyCatalog,
} from './model/index.ts';
import { createDatabase, type Database, IdBlocks } from './service/index.ts';
import {
  dataFolders,
  type FileWalOptions,
  openFileWal,
  openMetaLog,
  type SegmentFileDeps,
} from './storage/index.ts';

/** What an actor host needs to make the engine's actors. */
export interface HostParts {
  readonly native: NativeFace;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly hybridClock: NativeHandle;
  /** Native objects of this host; freed together when it dies. */
  readonly ownerEpoch: number;
  readonly encodeBase: SegmentFileDeps['encodeBase'];
  readonly decodeBase: SegmentFileDeps['decodeBase'];
  readonly flushPolicy: FlushPolicy;
  readonly log: Omit<FileWalOptions, 'minLastSequence'>;
  readonly syncIntervalMs: number;
  readonly indexThreadCount: number;
}

const catalogReducer = {
  initial: emptyCatalog,
  apply: applyCatalogRecord,
  toJson: catalogToJson,
  fromJson: (json: unknown) => catalogFromJson(json as CatalogJson),
};

/** Factories of every actor kind. init values are what their messages' senders wrote (see opening.ts). */
export function engineFactories(
  parts: HostParts,
  mirror: CatalogMirror | null,
): (post: Post) => ActorFactories {
  const crc32c = (bytes: Uint8Array, seed: number): number => parts.native.crc32c(bytes, seed);
  const walDeps = { disk: parts.disk, crc32c, random: parts.random };
  const { native, clock, hybridClock, disk } = parts;
  const files = {
    native,
    files: { disk, crc32c, encodeBase: parts.encodeBase, decodeBase: parts.decodeBase },
  };
  const writerParts = {
    native,
    clock,
    hybridClock,
    ownerEpoch: parts.ownerEpoch,
    files,
    flushPolicy: parts.flushPolicy,
    indexThreadCount: parts.indexThreadCount,
  };
  return (post) => ({
    coordinator: () =>
      behaviour(
        coordinatorActor,
        newCoordinatorState({
          openMeta: () => openMetaLog(walDeps, dataFolders.meta, catalogReducer),
          clock,
          native,
          hybridClock,
          removeFolder: (folder) => disk.removeFolder(folder),
        }),
      ),
    log: (init) =>
      behaviour(
        logActor,
        newLogState({
          minLastSequence: (init as LogInit).minLastSequence,
          openWal: (minLastSequence) =>
            openFileWal(walDeps, dataFolders.log, { ...parts.log, minLastSequence }),
          clock,
          syncIntervalMs: parts.syncIntervalMs,
          post,
        }),
      ),
    'shard-writer': (init) =>
      behaviour(shardWriterActor, newShardWriterState(writerParts, init as ShardWriterInit)),
    'shard-reader': (init) =>
      behaviour(shardReaderActor, newShardReaderState(native, init as ShardReaderInit)),
    ...(mirror === null ? {} : { mirror: () => behaviour(mirrorActor, mirror) }),
  });
}

/** Host of an address: the mirror beside the doors, coordinator and log in the first cell. */
export function placement(cellCount: number): (address: string) => number {
  return (address) => {
    if (cellCount === 0 || address === mirrorAddress.id) return 0;
    const shard = /^shard-(?:writer|reader)\/(\d+)$/.exec(address);
    return shard === null ? 1 : 1 + (Number(shard[1]) % cellCount);
  };
}

export interface EngineOptions {
  readonly parts: HostParts;
  readonly mirror: CatalogMirror;
  /** engineFactories of the same parts and mirror; a simulation may put something between. */
  readonly factories: (post: Post) => ActorFactories;
  /** Cells; empty = everything on this thread. */
  readonly cells: readonly ((hostId: number, route: (packet: Packet) => void) => Host)[];
  /** The applied stream of this thread's host. */
  readonly publish: (event: AppliedEvent) => void;
  readonly onCrash: (address: string, error: DbError) => void;
}

export interface Engine {
  readonly database: Database;
  /** Ends every actor; nothing needs to be written for that. */
  close(): Promise<void>;
}

/** Opens the engine: answers when every shard has recovered and serves. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { parts, mirror } = options;
  const system = new ActorSystem({
    main: {
      clock: parts.clock,
      factories: options.factories,
      publish: options.publish,
      onCrash: (address, error) => {
        mirror.accept({ type: 'unhealthy', reason: `${address}: ${error.message}` });
        options.onCrash(address, error);
      },
    },
    cells: options.cells,
    place: placement(options.cells.length),
  });
  const close = async (): Promise<void> => {
    await system.close();
    parts.native.releaseOwner(parts.ownerEpoch);
  };
  system.spawn({ address: mirrorAddress.id, kind: 'mirror', init: null });
  system.spawn({ address: coordinatorAddress.id, kind: 'coordinator', init: null });
  try {
    await system.ask(coordinatorAddress, { type: 'open' });
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const { native, clock, hybridClock } = parts;
  const database = createDatabase({
    system,
    mirror,
    native,
    clock,
    hybridClock,
    ids: new IdBlocks(system),
  });
  return { database, close };
}
