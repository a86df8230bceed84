// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Flush: freeze, write in the background, commit the manifest, swap. One attempt at a time; what
// is asked meanwhile gets the next one. An attempt that fails changes nothing: the frozen segments
// and delete images stay and the next attempt takes them too.

import { type ErrorData, type Outcome, succeeded } from '../../src/core/index.ts';
import { noManifestChange, type ShardManifest } from '../../src/model/index.ts';
import { type FlushedFiles, planFlush, runFlush } from '../../pipelines/index.ts';
import { logAddress } from '../addresses.ts';
import type { ReplyTo } from '../runtime/index.ts';
import { planNextBuild } from './index-build.ts';
import { adoptManifest, commitManifest, metaOf, settleCommit } from './manifest.ts';
import {
  answerAll,
  publishView,
  type SealedSegment,
  type ShardWriterState,
  type WriterEffects,
} from './state.ts';

export function requestFlush(
  state: ShardWriterState,
  reply: ReplyTo,
  effects: WriterEffects,
): void {
  state.flushWaiters.push(reply);
  planNextFlush(state, effects);
}

/** Starts an attempt when the policy says so; else makes sure that the idle timer runs. */
export function planNextFlush(state: ShardWriterState, effects: WriterEffects): void {
  const { native, flushPolicy } = state.parts;
  if (state.phase !== 'ready') return;
  const growing = [...state.growing.values(), ...state.frozen];
  const decision = planFlush(
    {
      growingBytes: growing.reduce(
        (sum, segment) => sum + native.segmentStats(segment.handle).sizeBytes,
        0,
      ),
      appliedSinceFlush: state.appliedSinceFlush,
      attemptRunning: state.flushing !== null,
      requested: state.flushWaiters.length > 0,
    },
    flushPolicy,
  );
  if (decision === 'now') startFlush(state, effects);
  else if (decision === 'when-idle')
    effects.timer('flush', flushPolicy.idleMs, { type: 'flush-tick' });
}

/** Nothing was applied for a while, or a failed attempt is due again. */
export function flushTick(state: ShardWriterState, effects: WriterEffects): void {
  const due = state.appliedSinceFlush > 0 || state.frozen.length > 0 || state.deleteImages.size > 0;
  if (state.flushing === null && due) startFlush(state, effects);
}

function startFlush(state: ShardWriterState, effects: WriterEffects): void {
  const { native } = state.parts;
  const waiters = state.flushWaiters.splice(0);
  const frozen = native
    .freezeGrowing(state.shard)
    .map((entry) => ({ ...entry, handle: entry.segment }));
  state.frozen = [...state.frozen, ...frozen];
  for (const entry of frozen) state.growing.delete(entry.partitionId);
  const throughTimestamp = state.lastAppliedTimestamp;
  for (const { meta, handle } of state.sealed) {
    const image = native.deleteImage(handle, throughTimestamp);
    if (image !== null) state.deleteImages.set(meta.segmentId, image);
  }
  state.appliedSinceFlush = 0;
  effects.cancelTimer('flush');
  if (state.frozen.length === 0 && state.deleteImages.size === 0) {
    answerAll(waiters, [], effects);
    return;
  }
  state.flushing = { waiters, throughSequence: state.lastAppliedSequence, throughTimestamp };
  const job = {
    collectionId: state.collection.collectionId,
    shardId: state.shardId,
    schema: state.collection.schema,
    frozen: state.frozen,
    throughTimestamp,
    deletes: [...state.deleteImages].flatMap(([segmentId, image]) => {
      const meta = metaOf(state, segmentId);
      return meta === null ? [] : [{ meta, image }];
    }),
  };
  effects.start(
    () => runFlush(state.parts.files, job),
    (outcome) => ({ type: 'flush-written', outcome }),
  );
}

export function flushWritten(
  state: ShardWriterState,
  outcome: Outcome<FlushedFiles>,
  effects: WriterEffects,
): void {
  const attempt = state.flushing;
  if (attempt === null) return;
  if (!outcome.ok) {
    failFlush(state, outcome.error, effects);
    return;
  }
  const flushed = outcome.value;
  // A checkpoint ahead of the durable log would hide later rows that reuse its sequences.
  if (state.collection.durability === 'fsync') {
    flushSynced(state, flushed, succeeded(null), effects);
    return;
  }
  effects.ask(logAddress(0), { type: 'sync' }, (synced: Outcome<null>) => ({
    type: 'flush-synced',
    flushed,
    outcome: synced,
  }));
}

export function flushSynced(
  state: ShardWriterState,
  flushed: FlushedFiles,
  outcome: Outcome<null>,
  effects: WriterEffects,
): void {
  const attempt = state.flushing;
  if (attempt === null) return;
  if (!outcome.ok) {
    failFlush(state, outcome.error, effects);
    return;
  }
  const change = {
    ...noManifestChange,
    addSegments: flushed.segments.map((segment) => segment.meta),
    setDeletes: flushed.deletes,
    checkpointSequence: attempt.throughSequence,
  };
  commitManifest(state, change, effects, (committed) => ({
    type: 'flush-committed',
    flushed,
    outcome: committed,
  }));
}

/** The commit is durable: readers move to the sealed forms in one view. */
export function flushCommitted(
  state: ShardWriterState,
  flushed: FlushedFiles,
  outcome: Outcome<ShardManifest>,
  effects: WriterEffects,
): void {
  const attempt = state.flushing;
  settleCommit(state, outcome);
  if (attempt === null) return;
  if (!outcome.ok) {
    failFlush(state, outcome.error, effects);
    return;
  }
  const { native, ownerEpoch } = state.parts;
  state.flushing = null;
  const sealed = flushed.segments.map(({ meta, source, frozen }): SealedSegment => {
    const handle = native.openSealed(state.schema, source, ownerEpoch);
    native.replaceFrozen(state.shard, frozen, handle);
    return { meta, handle };
  });
  state.sealed.push(...sealed);
  adoptManifest(state);
  const replaced = state.frozen.filter((entry) =>
    flushed.segments.some(({ frozen }) => frozen === entry.handle),
  );
  state.frozen = state.frozen.filter((entry) => !replaced.includes(entry));
  for (const { segmentId } of flushed.deletes) state.deleteImages.delete(segmentId);
  publishView(state, effects);
  for (const entry of replaced) native.releaseSegment(entry.handle);
  effects.send(logAddress(0), {
    type: 'checkpoint',
    shardId: state.shardId,
    sequence: attempt.throughSequence,
  });
  const segmentIds = sealed.map((segment) => segment.meta.segmentId);
  for (const reply of attempt.waiters) effects.reply(reply, succeeded(segmentIds));
  planNextBuild(state, effects);
  planNextFlush(state, effects);
}

function failFlush(state: ShardWriterState, error: ErrorData, effects: WriterEffects): void {
  for (const reply of state.flushing?.waiters ?? []) effects.reply(reply, { ok: false, error });
  state.flushing = null;
  state.appliedSinceFlush++;
  effects.timer('flush', state.parts.flushPolicy.retryMs, { type: 'flush-tick' });
}
