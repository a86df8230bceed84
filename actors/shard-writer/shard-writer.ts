// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The one writer of a shard: stages, applies, flushes, builds indexes, commits the manifest. What
// can happen to it is in messages.ts, what it owns in state.ts; each family of messages has a file.

import { DbError, failed, type Outcome, succeeded } from '../../src/core/index.ts';
import { removeOrphans } from '../../pipelines/index.ts';
import { indexSourceOf, sealedSourceOf } from '../../src/storage/index.ts';
import type { Actor, ReplyTo } from '../runtime/index.ts';
import { admit, keysFound, releaseHeld } from './delete-where.ts';
import {
  flushCommitted,
  flushSynced,
  flushTick,
  flushWritten,
  planNextFlush,
  requestFlush,
} from './flush.ts';
import {
  indexBuilt,
  indexCommitted,
  indexesChanged,
  indexRemoved,
  planNextBuild,
} from './index-build.ts';
import type { OpenedSegment, ShardStats, ShardWriterMessage } from './messages.ts';
import { announceShard, publishView, type ShardWriterState, type WriterEffects } from './state.ts';
import { appended, askForIds, drain, idsArrived, replayEnvelope, settleWaits } from './write.ts';

export const shardWriterActor: Actor<ShardWriterState, ShardWriterMessage> = {
  handle(state, message, effects) {
    switch (message.type) {
      case 'start':
        opened(state, succeeded([]), null, effects);
        state.replayEnd = message.reply;
        return finishReplay(state, effects);
      case 'open':
        return open(state, message.reply, effects);
      case 'opened':
        return opened(state, message.outcome, message.reply, effects);
      case 'replay':
        return replayEnvelope(state, message, effects);
      case 'replay-end':
        state.replayEnd = message.reply;
        return finishReplay(state, effects);
      case 'ids':
        idsArrived(state, message.outcome, effects);
        return finishReplay(state, effects);
      case 'ids-retry':
        return askForIds(state, effects);
      case 'stage':
      case 'delete-where':
        return admit(state, message, effects);
      case 'appended':
        appended(state, message.write, message.outcome, effects);
        return releaseHeld(state, effects);
      case 'delete-keys':
        return keysFound(state, message, effects);
      case 'when-applied':
        state.waits.push({ timestamp: message.timestamp, reply: message.reply });
        return settleWaits(state, effects);
      case 'flush':
        return requestFlush(state, message.reply, effects);
      case 'flush-tick':
        return flushTick(state, effects);
      case 'flush-written':
        return flushWritten(state, message.outcome, effects);
      case 'flush-synced':
        return flushSynced(state, message.flushed, message.outcome, effects);
      case 'flush-committed':
        return flushCommitted(state, message.flushed, message.outcome, effects);
      case 'indexes':
        return indexesChanged(state, message.indexes, effects);
      case 'index-built':
        return indexBuilt(state, message.outcome, effects);
      case 'index-committed':
        return indexCommitted(state, message.built, message.outcome, effects);
      case 'index-removed':
        return indexRemoved(state, message.outcome, effects);
      case 'stats':
        effects.reply(message.reply, succeeded(statsOf(state)));
        return;
    }
  },
  stop(state, effects, reason) {
    const text = reason === 'dropped' ? 'the collection was dropped' : 'the engine was closed';
    const outcome = failed(new DbError({ code: 'closed', message: text }));
    const replies = [
      ...state.pending.map((write) => write.reply),
      ...state.held.map((held) => held.reply),
      ...state.waits.map((wait) => wait.reply),
      ...state.flushWaiters,
      ...(state.flushing?.waiters ?? []),
    ];
    for (const reply of replies) if (reply !== null) effects.reply(reply, outcome);
    for (const segment of [...state.sealed, ...state.frozen, ...state.growing.values()]) {
      state.parts.native.releaseSegment(segment.handle);
    }
  },
};

function open(state: ShardWriterState, reply: ReplyTo, effects: WriterEffects): void {
  const { files } = state.parts.files;
  effects.start(
    async () => {
      await removeOrphans(files.disk, state.manifest);
      const segments: OpenedSegment[] = [];
      for (const meta of state.manifest.segments) {
        const source = await sealedSourceOf(files, meta, state.collection.schema);
        const indexes: OpenedSegment['indexes'][number][] = [];
        for (const file of meta.indexes) {
          indexes.push({
            fieldId: file.fieldId,
            source: await indexSourceOf(files, meta.folder, file),
          });
        }
        segments.push({ meta, source, indexes });
      }
      return segments;
    },
    (outcome) => ({ type: 'opened', outcome, reply }),
  );
}

function opened(
  state: ShardWriterState,
  outcome: Outcome<readonly OpenedSegment[]>,
  reply: ReplyTo | null,
  effects: WriterEffects,
): void {
  if (!outcome.ok) {
    if (reply !== null) effects.reply(reply, outcome);
    return;
  }
  const { native, ownerEpoch, hybridClock } = state.parts;
  for (const { meta, source, indexes } of outcome.value) {
    const handle = native.openSealed(state.schema, source, ownerEpoch);
    native.addSealed(state.shard, handle);
    for (const index of indexes) native.attachIndex(handle, index.fieldId, index.source);
    native.clockObserve(hybridClock, BigInt(meta.maxTimestamp));
    state.sealed.push({ meta, handle });
  }
  state.phase = 'replaying';
  announceShard(state, effects);
  askForIds(state, effects);
  if (reply !== null) effects.reply(reply, succeeded(null));
}

/** The log is read and everything in it applied: the shard serves. */
function finishReplay(state: ShardWriterState, effects: WriterEffects): void {
  if (state.replayEnd === null || state.pending.length > 0 || state.phase !== 'replaying') return;
  state.phase = 'ready';
  drain(state, effects);
  publishView(state, effects);
  effects.reply(state.replayEnd, succeeded(null));
  state.replayEnd = null;
  planNextBuild(state, effects);
  planNextFlush(state, effects);
}

function statsOf(state: ShardWriterState): ShardStats {
  const { native } = state.parts;
  const unsealed = [...state.frozen, ...state.growing.values()];
  const growingRowCount = unsealed.reduce(
    (sum, segment) => sum + native.segmentStats(segment.handle).rowCount,
    0,
  );
  const sealed = state.sealed.map(({ meta }) => ({
    segmentId: meta.segmentId,
    rowCount: meta.rowCount,
    indexIds: meta.indexes.map((index) => index.indexId),
    failures: state.indexes.flatMap(({ indexId }) => {
      const error = state.failedBuilds.get(`${meta.segmentId}/${indexId}`);
      return error === undefined ? [] : [{ indexId, reason: error.message }];
    }),
  }));
  const rowCount = sealed.reduce((sum, segment) => sum + segment.rowCount, growingRowCount);
  return { rowCount, growingRowCount, sealed };
}
