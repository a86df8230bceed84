// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Catalogue changes: decide (fold in at once), commit, then tell shards and doors. The doors' copy
// is told before the requester is answered, on the same path, so a client that saw its create
// succeed finds the collection at any door.

import { isDeepStrictEqual } from 'node:util';
import { DbError, failed, type Outcome, succeeded } from '../../src/core/index.ts';
import type { CollectionMeta, IndexMeta } from '../../src/model/index.ts';
import { logAddress, mirrorAddress, shardReaderAddress, shardWriterAddress } from '../addresses.ts';
import type { ReplyTo } from '../runtime/index.ts';
import { takeId } from './ids.ts';
import type { CoordinatorMessage, NewCollection } from './messages.ts';
import { spawnShard } from './opening.ts';
import {
  type CoordinatorEffects,
  type CoordinatorState,
  decide,
  requireCollection,
} from './state.ts';

export const defaultPartitionName = '_default';

export function createCollection(
  state: CoordinatorState,
  request: NewCollection,
  reply: ReplyTo,
  effects: CoordinatorEffects,
): void {
  const { database, schema } = request;
  const existing = [...state.catalog.collections.values()].find(
    (candidate) => candidate.database === database && candidate.schema.name === schema.name,
  );
  if (existing !== undefined) {
    const same = isDeepStrictEqual(existing.schema, schema);
    const error = new DbError({
      code: 'collection-exists',
      message: `create duplicate collection with different parameters, collection: ${schema.name}`,
    });
    effects.reply(reply, same ? succeeded(existing.collectionId) : failed(error));
    return;
  }
  const { native, hybridClock, clock } = state.parts;
  const timestamp = String(native.clockNext(hybridClock, clock.nowMs()));
  const collection: CollectionMeta = {
    collectionId: takeId(state),
    database,
    schema,
    shardIds: Array.from({ length: request.shardCount }, () => takeId(state)),
    consistency: request.consistency,
    properties: request.properties,
    durability: request.durability,
    createdTimestamp: timestamp,
    updatedTimestamp: timestamp,
    partitions: [{ id: takeId(state), name: defaultPartitionName, createdTimestamp: timestamp }],
    indexes: [],
    loaded: false,
  };
  decide(state, { type: 'collection-created', collection }, effects, (outcome, later) => {
    if (!outcome.ok) {
      later.reply(reply, outcome);
      return;
    }
    later.send(mirrorAddress, { type: 'collection', collection });
    startShards(state, collection, reply, later);
  });
}

/** New shards have nothing to replay: opened and ready in one go. */
function startShards(
  state: CoordinatorState,
  collection: CollectionMeta,
  reply: ReplyTo,
  effects: CoordinatorEffects,
): void {
  const token = state.nextToken++;
  state.loads.set(token, { waiting: collection.shardIds.length, failure: null, reply });
  for (const shardId of collection.shardIds) {
    spawnShard(state, collection, shardId, effects);
    effects.ask(shardWriterAddress(shardId), { type: 'start' }, (outcome: Outcome<null>) => ({
      type: 'reader-set',
      token,
      outcome,
    }));
  }
}

export function dropCollection(
  state: CoordinatorState,
  collectionId: number,
  reply: ReplyTo,
  effects: CoordinatorEffects,
): void {
  const collection = requireCollection(state, collectionId, reply, effects);
  if (collection === null) return;
  decide(state, { type: 'collection-dropped', collectionId }, effects, (outcome, later) => {
    if (!outcome.ok) {
      later.reply(reply, outcome);
      return;
    }
    for (const shardId of collection.shardIds) {
      later.stop(shardReaderAddress(shardId).id);
      later.stop(shardWriterAddress(shardId).id);
      later.send(logAddress(0), { type: 'forget', shardId });
    }
    later.send(mirrorAddress, { type: 'collection-gone', collectionId });
    const answer = succeeded(0);
    // Files of a dropped collection are garbage; a failed removal leaves them to the next start.
    later.start(
      () => state.parts.removeFolder(`c/${collectionId}`),
      () => ({ type: 'removed' }),
    );
    later.reply(reply, answer);
  });
}

export function createIndex(
  state: CoordinatorState,
  message: Extract<CoordinatorMessage, { type: 'create-index' }>,
  effects: CoordinatorEffects,
): void {
  const { collectionId, index, reply } = message;
  const collection = requireCollection(state, collectionId, reply, effects);
  if (collection === null) return;
  const onField = collection.indexes.find((candidate) => candidate.fieldId === index.fieldId);
  if (onField !== undefined) {
    const { indexId: _id, ...rest } = onField;
    const same = isDeepStrictEqual(rest, index);
    const text = 'CreateIndex failed: at most one distinct index is allowed per field';
    effects.reply(
      reply,
      same ? succeeded(null) : failed(new DbError({ code: 'index-exists', message: text })),
    );
    return;
  }
  if (collection.indexes.some((candidate) => candidate.indexName === index.indexName)) {
    const text = `CreateIndex failed: index name ${index.indexName} is in use on another field`;
    effects.reply(reply, failed(new DbError({ code: 'index-exists', message: text })));
    return;
  }
  const indexes = [...collection.indexes, { indexId: takeId(state), ...index }];
  changeIndexes(state, collection, indexes, reply, effects);
}

export function dropIndex(
  state: CoordinatorState,
  message: Extract<CoordinatorMessage, { type: 'drop-index' }>,
  effects: CoordinatorEffects,
): void {
  const collection = requireCollection(state, message.collectionId, message.reply, effects);
  if (collection === null) return;
  if (collection.loaded) {
    const text = 'vector index cannot be dropped on loaded collection';
    effects.reply(message.reply, failed(new DbError({ code: 'collection-loaded', message: text })));
    return;
  }
  const indexes = collection.indexes.filter((index) => !message.indexIds.includes(index.indexId));
  changeIndexes(state, collection, indexes, message.reply, effects);
}

function changeIndexes(
  state: CoordinatorState,
  collection: CollectionMeta,
  indexes: readonly IndexMeta[],
  reply: ReplyTo,
  effects: CoordinatorEffects,
): void {
  changeCollection(state, { ...collection, indexes }, effects, (outcome, later) => {
    if (outcome.ok) {
      for (const shardId of collection.shardIds)
        later.send(shardWriterAddress(shardId), { type: 'indexes', indexes });
    }
    later.reply(reply, outcome.ok ? succeeded(null) : outcome);
  });
}

export function setLoaded(
  state: CoordinatorState,
  message: Extract<CoordinatorMessage, { type: 'set-loaded' }>,
  effects: CoordinatorEffects,
): void {
  const { collectionId, loaded, reply } = message;
  const collection = requireCollection(state, collectionId, reply, effects);
  if (collection === null) return;
  changeCollection(state, { ...collection, loaded }, effects, (outcome, later) => {
    if (!outcome.ok) {
      later.reply(reply, outcome);
      return;
    }
    const token = state.nextToken++;
    state.loads.set(token, { waiting: collection.shardIds.length, failure: null, reply });
    for (const shardId of collection.shardIds) {
      later.ask(
        shardReaderAddress(shardId),
        { type: 'set-loaded', loaded },
        (set: Outcome<null>) => ({ type: 'reader-set', token, outcome: set }),
      );
    }
  });
}

/** One shard followed a load wish or started; the last one's answer is the request's. */
export function readerSet(
  state: CoordinatorState,
  token: number,
  outcome: Outcome<null>,
  effects: CoordinatorEffects,
): void {
  const load = state.loads.get(token);
  if (load === undefined) return;
  load.waiting--;
  if (!outcome.ok) load.failure ??= outcome.error;
  if (load.waiting > 0) return;
  state.loads.delete(token);
  effects.reply(
    load.reply,
    load.failure === null ? succeeded(null) : { ok: false, error: load.failure },
  );
}

function changeCollection(
  state: CoordinatorState,
  changed: CollectionMeta,
  effects: CoordinatorEffects,
  then: (outcome: Outcome<number>, effects: CoordinatorEffects) => void,
): void {
  decide(state, { type: 'collection-changed', collection: changed }, effects, (outcome, later) => {
    if (outcome.ok) later.send(mirrorAddress, { type: 'collection', collection: changed });
    then(outcome, later);
  });
}
