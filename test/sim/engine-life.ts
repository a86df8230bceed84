// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One life of the simulated engine: the real engine on the inline host, with a virtual clock, a
// disk that misbehaves and the native pool as a simulated one. It ends by power loss, by a kill
// that keeps the page cache, or by closing.

import { type ActorFactories, CatalogMirror, type ShardWriterInit } from '../../actors/index.ts';
import { native } from '../../native/index.ts';
import { assert, DbError, type Random } from '../../src/core/index.ts';
import { type Engine, engineFactories, type HostParts, openEngine } from '../../src/engine.ts';
import type { AppliedEvent } from '../../src/model/index.ts';
import { decodeBaseParquet, encodeBaseParquet } from '../../src/storage/index.ts';
import { noPlant, type Plant } from './plants.ts';
import type { SimDisk } from './sim-disk.ts';
import { simNative } from './sim-native.ts';
import type { VirtualClock } from './virtual-clock.ts';

let nextEpoch = 1_000;

export interface LifeOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly disk: SimDisk;
  readonly onApplied: (event: AppliedEvent) => void;
  readonly flushSizeBytes: number;
  readonly plant: Plant;
}

export interface Life {
  readonly engine: Engine;
  readonly mirror: CatalogMirror;
  readonly parts: HostParts;
  readonly crashes: readonly string[];
  /** The checkpoint that a shard's replay began behind. */
  checkpointAtOpen(shardId: number): number;
  /** Frees what the life's native objects hold; the engine is not asked. */
  abandon(): void;
}

/** Small files and flushes, so that rolls, trims and flushes happen often. */
const logFileSizeBytes = 16_384;

/** Opens the engine; null when power was lost (or opening failed under faults) before it served. */
export async function openLife(options: LifeOptions): Promise<Life | DbError | null> {
  const { clock, random, disk } = options;
  const ownerEpoch = nextEpoch++;
  const plant = options.plant ?? noPlant;
  const crashes: string[] = [];
  const face = plant.native(simNative(native, clock, random));
  const parts: HostParts = {
    native: face,
    clock,
    random,
    disk: plant.disk(disk),
    hybridClock: native.createClock(ownerEpoch),
    ownerEpoch,
    encodeBase: (bytes, schemaJson) => encodeBaseParquet(bytes, schemaJson),
    decodeBase: (bytes, schemaJson) => decodeBaseParquet(bytes, schemaJson),
    flushPolicy: { sizeBytes: options.flushSizeBytes, idleMs: 5_000, retryMs: 50 },
    log: { fileSizeBytes: logFileSizeBytes, zeroAheadBytes: 4_096 },
    syncIntervalMs: 50,
    indexThreadCount: 1,
  };
  const mirror = new CatalogMirror(face, ownerEpoch);
  const real = engineFactories(parts, mirror);
  const checkpoints = new Map<number, number>();
  // Looks at what a shard is opened with, before any plant does.
  const watched = (factories: ActorFactories): ActorFactories => ({
    ...factories,
    'shard-writer': (init) => {
      const { shardId, manifest } = init as ShardWriterInit;
      checkpoints.set(shardId, manifest.checkpointSequence);
      const make = factories['shard-writer'];
      assert(make !== undefined, 'the engine makes shard writers');
      return make(init);
    },
  });
  const opening = openEngine({
    parts,
    mirror,
    factories: (post) => watched(plant.factories(real(post))),
    cells: [],
    publish: options.onApplied,
    onCrash: (address, error) => crashes.push(`${address}: ${error.message}`),
  });
  const opened = opening.then(
    (engine) => engine,
    (thrown: unknown) => DbError.from(thrown),
  );
  let result: Engine | DbError | null = null;
  const settled = await clock.runUntil(
    Promise.race([opened.then((value) => void (result = value)), disk.powerLost]),
  );
  const engine = settled ? (result as Engine | DbError | null) : null;
  const abandon = (): void => native.releaseOwner(ownerEpoch);
  if (engine === null || engine instanceof DbError) {
    abandon();
    return engine;
  }
  return {
    engine,
    mirror,
    parts,
    crashes,
    checkpointAtOpen: (shardId) => checkpoints.get(shardId) ?? 0,
    abandon,
  };
}
