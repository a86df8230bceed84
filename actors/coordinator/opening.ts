// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Opening the engine, one step after the other: meta log, durable ceilings for ids and time, log,
// shards, replay, ready. It is the only way in; there is no clean-shutdown shortcut, so every start
// exercises recovery.

import { type ErrorData, type Outcome, succeeded } from '../../src/core/index.ts';
import {
  type CatalogState,
  type CollectionMeta,
  type ShardManifest,
  timestampFromMs,
} from '../../src/model/index.ts';
import { logAddress, mirrorAddress, shardReaderAddress, shardWriterAddress } from '../addresses.ts';
import type { ReplyTo } from '../runtime/index.ts';
import { type CoordinatorEffects, type CoordinatorState, decide } from './state.ts';

/** Stamps may run this far ahead of the durable ceiling's record. */
const clockAheadMs = 3_000;
const clockTickMs = 1_000;
/** Ids reserved at start; see ids.ts for the later ones. */
const startReservation = 10_000_000;

export function open(state: CoordinatorState, reply: ReplyTo, effects: CoordinatorEffects): void {
  state.opening.reply = reply;
  effects.start(
    async () => {
      state.meta = await state.parts.openMeta();
      return state.meta.state;
    },
    (outcome) => ({ type: 'meta-opened', outcome }),
  );
}

export function metaOpened(
  state: CoordinatorState,
  outcome: Outcome<CatalogState>,
  effects: CoordinatorEffects,
): void {
  if (!outcome.ok) return fail(state, outcome.error, effects);
  const { native, hybridClock, clock } = state.parts;
  state.catalog = outcome.value;
  state.nextId = outcome.value.nextId;
  native.clockObserve(hybridClock, BigInt(outcome.value.clockCeiling));
  const idCeiling = state.nextId + startReservation;
  decide(state, { type: 'ids-reserved', nextId: idCeiling }, effects, (ids, later) => {
    if (!ids.ok) return fail(state, ids.error, later);
    state.idCeiling = idCeiling;
    const now = native.clockNext(hybridClock, clock.nowMs());
    const ceiling = String(now + timestampFromMs(clockAheadMs));
    decide(state, { type: 'clock', ceiling }, later, (time, last) => {
      if (!time.ok) return fail(state, time.error, last);
      last.timer('clock', clockTickMs, { type: 'clock-tick' });
      openLog(state, last);
    });
  });
}

/** Keeps the durable ceiling ahead of the clock; an idle clock costs nothing. */
export function clockTick(state: CoordinatorState, effects: CoordinatorEffects): void {
  const { native, hybridClock } = state.parts;
  const last = native.clockLast(hybridClock);
  const wanted = last + timestampFromMs(clockAheadMs);
  if (wanted > BigInt(state.catalog.clockCeiling) + timestampFromMs(clockTickMs)) {
    decide(state, { type: 'clock', ceiling: String(wanted) }, effects, () => undefined);
  }
  effects.timer('clock', clockTickMs, { type: 'clock-tick' });
}

function openLog(state: CoordinatorState, effects: CoordinatorEffects): void {
  const checkpoints = [...state.catalog.manifests.values()].map(
    (manifest) => manifest.checkpointSequence,
  );
  const minLastSequence = Math.max(0, ...checkpoints);
  effects.spawn({ address: logAddress(0).id, kind: 'log', init: { logId: 0, minLastSequence } });
  effects.ask(logAddress(0), { type: 'open' }, (outcome: Outcome<null>) => ({
    type: 'log-opened',
    outcome,
  }));
}

export function logOpened(
  state: CoordinatorState,
  outcome: Outcome<null>,
  effects: CoordinatorEffects,
): void {
  if (!outcome.ok) return fail(state, outcome.error, effects);
  for (const collection of state.catalog.collections.values()) {
    effects.send(mirrorAddress, { type: 'collection', collection });
    for (const shardId of collection.shardIds) {
      state.opening.waiting++;
      spawnShard(state, collection, shardId, effects);
      effects.ask(shardWriterAddress(shardId), { type: 'open' }, (opened: Outcome<null>) => ({
        type: 'shard-opened',
        shardId,
        outcome: opened,
      }));
    }
  }
  if (state.opening.waiting === 0) startReplay(state, effects);
}

/** Makes a shard's two actors. */
export function spawnShard(
  state: CoordinatorState,
  collection: CollectionMeta,
  shardId: number,
  effects: CoordinatorEffects,
): void {
  const manifest =
    state.catalog.manifests.get(shardId) ?? emptyManifest(collection.collectionId, shardId);
  effects.spawn({
    address: shardReaderAddress(shardId).id,
    kind: 'shard-reader',
    init: { shardId, loaded: collection.loaded },
  });
  effects.spawn({
    address: shardWriterAddress(shardId).id,
    kind: 'shard-writer',
    init: { shardId, collection, manifest },
  });
}

export function emptyManifest(collectionId: number, shardId: number): ShardManifest {
  return { shardId, collectionId, version: 0, checkpointSequence: 0, segments: [] };
}

export function shardOpened(
  state: CoordinatorState,
  outcome: Outcome<null>,
  effects: CoordinatorEffects,
): void {
  state.opening.waiting--;
  if (!outcome.ok) state.opening.failure ??= outcome.error;
  if (state.opening.waiting > 0) return;
  if (state.opening.failure !== null) return fail(state, state.opening.failure, effects);
  startReplay(state, effects);
}

function startReplay(state: CoordinatorState, effects: CoordinatorEffects): void {
  const checkpoints = shardIdsOf(state).map((shardId) => ({
    shardId,
    sequence: state.catalog.manifests.get(shardId)?.checkpointSequence ?? 0,
  }));
  effects.ask(logAddress(0), { type: 'replay', checkpoints }, (outcome: Outcome<null>) => ({
    type: 'replayed',
    outcome,
  }));
}

export function replayed(
  state: CoordinatorState,
  outcome: Outcome<null>,
  effects: CoordinatorEffects,
): void {
  if (!outcome.ok) return fail(state, outcome.error, effects);
  for (const shardId of shardIdsOf(state)) {
    state.opening.waiting++;
    effects.ask(shardWriterAddress(shardId), { type: 'replay-end' }, (ended: Outcome<null>) => ({
      type: 'shard-ready',
      shardId,
      outcome: ended,
    }));
  }
  if (state.opening.waiting === 0) ready(state, effects);
}

export function shardReady(
  state: CoordinatorState,
  outcome: Outcome<null>,
  effects: CoordinatorEffects,
): void {
  state.opening.waiting--;
  if (!outcome.ok) state.opening.failure ??= outcome.error;
  if (state.opening.waiting > 0) return;
  if (state.opening.failure !== null) return fail(state, state.opening.failure, effects);
  ready(state, effects);
}

function ready(state: CoordinatorState, effects: CoordinatorEffects): void {
  if (state.opening.reply !== null) effects.reply(state.opening.reply, succeeded(null));
  state.opening.reply = null;
}

function fail(state: CoordinatorState, error: ErrorData, effects: CoordinatorEffects): void {
  if (state.opening.reply !== null) effects.reply(state.opening.reply, { ok: false, error });
  state.opening.reply = null;
}

function shardIdsOf(state: CoordinatorState): number[] {
  return [...state.catalog.collections.values()].flatMap((collection) => collection.shardIds);
}
