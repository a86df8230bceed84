// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The coordinator: the only writer of the meta log. Its messages are in messages.ts; opening, ids
// and catalogue changes have a file each, manifest commits are here.

import { DbError, failed, succeeded } from '../../src/core/index.ts';
import { applyManifestChange } from '../../src/model/index.ts';
import { mirrorAddress } from '../addresses.ts';
import type { Actor } from '../runtime/index.ts';
import {
  createCollection,
  createIndex,
  dropCollection,
  dropIndex,
  readerSet,
  setLoaded,
} from './ddl.ts';
import { reserveIds } from './ids.ts';
import type { CoordinatorMessage } from './messages.ts';
import {
  clockTick,
  emptyManifest,
  logOpened,
  metaOpened,
  open,
  replayed,
  shardOpened,
  shardReady,
} from './opening.ts';
import { committed, type CoordinatorEffects, type CoordinatorState, decide } from './state.ts';

export const coordinatorActor: Actor<CoordinatorState, CoordinatorMessage> = {
  handle(state, message, effects) {
    switch (message.type) {
      case 'open':
        return open(state, message.reply, effects);
      case 'meta-opened':
        return metaOpened(state, message.outcome, effects);
      case 'log-opened':
        return logOpened(state, message.outcome, effects);
      case 'shard-opened':
        return shardOpened(state, message.outcome, effects);
      case 'replayed':
        return replayed(state, message.outcome, effects);
      case 'shard-ready':
        return shardReady(state, message.outcome, effects);
      case 'create-collection':
        return createCollection(state, message.request, message.reply, effects);
      case 'drop-collection':
        return dropCollection(state, message.collectionId, message.reply, effects);
      case 'create-index':
        return createIndex(state, message, effects);
      case 'drop-index':
        return dropIndex(state, message, effects);
      case 'set-loaded':
        return setLoaded(state, message, effects);
      case 'reader-set':
        return readerSet(state, message.token, message.outcome, effects);
      case 'reserve-ids':
        return reserveIds(state, message.count, message.reply, effects);
      case 'commit-manifest':
        return commitManifest(state, message, effects);
      case 'committed':
        return committed(state, message.token, message.outcome, effects);
      case 'clock-tick':
        return clockTick(state, effects);
      case 'removed':
        return;
      case 'unhealthy':
        effects.send(mirrorAddress, {
          type: 'unhealthy',
          reason: `${message.what}: ${message.error.message}`,
        });
        return;
    }
  },
  stop(state) {
    // Every commit that was answered is durable; nothing waits for the close.
    void state.meta?.close();
  },
};

/** Compare-and-set: a writer that does not know the latest version is fenced out. */
function commitManifest(
  state: CoordinatorState,
  message: Extract<CoordinatorMessage, { type: 'commit-manifest' }>,
  effects: CoordinatorEffects,
): void {
  const { shardId, expectedVersion, change, reply } = message;
  const owner = [...state.catalog.collections.values()].find((collection) =>
    collection.shardIds.includes(shardId),
  );
  if (owner === undefined) {
    effects.reply(
      reply,
      failed(new DbError({ code: 'closed', message: `shard ${shardId} was dropped` })),
    );
    return;
  }
  const current =
    state.catalog.manifests.get(shardId) ?? emptyManifest(owner.collectionId, shardId);
  if (current.version !== expectedVersion) {
    const error = new DbError({
      code: 'version-conflict',
      field: `manifest of shard ${shardId}`,
      expected: expectedVersion,
      received: current.version,
    });
    effects.reply(reply, failed(error));
    return;
  }
  const manifest = applyManifestChange(current, change);
  decide(state, { type: 'manifest', manifest }, effects, (outcome, later) => {
    later.reply(reply, outcome.ok ? succeeded(manifest) : outcome);
  });
}
