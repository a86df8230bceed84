// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The write path: stamp and stage, append to the log, apply in stamp order, answer. A write is
// applied only after the log said it is durable, and answered only after it is applied, so every
// acknowledged row is visible to the next read.

import { decodeLogBody, sectionKinds, type Timestamp } from '../../src/model/index.ts';
import { assert, at, DbError, failed, type Outcome, succeeded } from '../../src/core/index.ts';
import { shardStagedBytesMax } from '../../src/core/limits.ts';
import { emptyEnvelopeFields, envelopeHeadRoomBytes } from '../../src/storage/index.ts';
import { coordinatorAddress, logAddress } from '../addresses.ts';
import type { ReplyTo } from '../runtime/index.ts';
import { planNextFlush } from './flush.ts';
import type { Staged } from './messages.ts';
import {
  type PendingWrite,
  publishView,
  type ShardWriterState,
  type WriterEffects,
} from './state.ts';

/** Segment ids kept ahead, and when to ask for more. */
const idBlock = 64;
const idsLow = 8;
const idRetryMs = 1_000;

export interface StageRequest {
  readonly buffer: Uint8Array;
  readonly rowCount: number;
  readonly reply: ReplyTo;
}

/** Stamps a log body and hands it to the log. */
export function stage(
  state: ShardWriterState,
  request: StageRequest,
  effects: WriterEffects,
): void {
  const refusal = refuse(state, request.buffer.byteLength);
  if (refusal !== null) {
    effects.reply(request.reply, failed(refusal));
    return;
  }
  const { native, clock, hybridClock } = state.parts;
  const timestamp = native.stampShard(state.shard, hybridClock, clock.nowMs());
  const write = state.nextWrite++;
  state.stagedBytes += request.buffer.byteLength;
  state.pending.push({
    write,
    timestamp,
    body: request.buffer.subarray(envelopeHeadRoomBytes),
    sizeBytes: request.buffer.byteLength,
    rowCount: request.rowCount,
    outcome: null,
    reply: request.reply,
  });
  const draft = {
    ...emptyEnvelopeFields,
    shardId: state.shardId,
    collectionId: state.collection.collectionId,
    schemaVersion: state.collection.schema.version,
    rowCount: request.rowCount,
    firstTimestamp: timestamp,
    lastTimestamp: timestamp,
    buffer: request.buffer,
  };
  effects.ask(
    logAddress(0),
    { type: 'append', draft, durability: state.collection.durability },
    (outcome: Outcome<number>) => ({ type: 'appended', write, outcome }),
  );
}

function refuse(state: ShardWriterState, sizeBytes: number): DbError | null {
  if (state.phase !== 'ready') {
    return new DbError({ code: 'not-ready', message: `shard ${state.shardId} is recovering` });
  }
  if (state.stagedBytes + sizeBytes <= shardStagedBytesMax || state.stagedBytes === 0) return null;
  return new DbError({
    code: 'rate-limit',
    message: `shard ${state.shardId} holds ${state.stagedBytes} unanswered bytes of at most ${shardStagedBytesMax}`,
  });
}

/** The log answered for one write. */
export function appended(
  state: ShardWriterState,
  write: number,
  outcome: Outcome<number>,
  effects: WriterEffects,
): void {
  const entry = state.pending.find((candidate) => candidate.write === write);
  assert(entry !== undefined, 'the log answers a write that is pending');
  entry.outcome = outcome;
  drain(state, effects);
}

/** Queues an envelope from the log; it is durable by definition. */
export function replayEnvelope(
  state: ShardWriterState,
  envelope: { readonly sequence: number; readonly timestamp: Timestamp; readonly body: Uint8Array },
  effects: WriterEffects,
): void {
  if (envelope.sequence <= state.manifest.checkpointSequence) return;
  state.parts.native.clockObserve(state.parts.hybridClock, envelope.timestamp);
  state.pending.push({
    write: 0,
    timestamp: envelope.timestamp,
    body: envelope.body,
    sizeBytes: 0,
    rowCount: 0,
    outcome: succeeded(envelope.sequence),
    reply: null,
  });
  drain(state, effects);
}

/** Applies what the log has answered, in order, as far as segment ids are at hand. */
export function drain(state: ShardWriterState, effects: WriterEffects): void {
  let viewChanged = false;
  for (let head = state.pending[0]; head?.outcome != null; head = state.pending[0]) {
    if (head.outcome.ok) {
      const opened = openGrowing(state, head.body);
      if (opened === 'needs-ids') break;
      viewChanged ||= opened === 'opened';
      apply(state, head, head.outcome.value, effects);
    } else if (head.reply !== null) {
      effects.reply(head.reply, head.outcome);
    }
    state.pending.shift();
    state.stagedBytes -= head.sizeBytes;
  }
  state.parts.native.setUnapplied(state.shard, state.pending[0]?.timestamp ?? 0n);
  askForIds(state, effects);
  if (viewChanged && state.phase === 'ready') publishView(state, effects);
  settleWaits(state, effects);
  if (state.phase === 'ready') planNextFlush(state, effects);
}

function apply(
  state: ShardWriterState,
  write: PendingWrite,
  sequence: number,
  effects: WriterEffects,
): void {
  assert(sequence > state.lastAppliedSequence, 'envelopes are applied once, in order');
  const change = state.parts.native.applyBody(state.shard, write.body, write.timestamp);
  state.lastAppliedSequence = sequence;
  state.lastAppliedTimestamp = write.timestamp;
  state.appliedSinceFlush++;
  effects.publish({
    type: 'rows',
    collectionId: state.collection.collectionId,
    shardId: state.shardId,
    sequence,
    timestamp: write.timestamp,
    body: write.body,
    inserted: change.inserted,
    hidden: change.hidden,
  });
  if (write.reply !== null) {
    const answer: Staged = { timestamp: write.timestamp, rowCount: write.rowCount };
    effects.reply(write.reply, succeeded(answer));
  }
}

/** Makes sure that each partition of a body has a segment to append to. */
function openGrowing(state: ShardWriterState, body: Uint8Array): 'none' | 'opened' | 'needs-ids' {
  const missing = decodeLogBody(body)
    .filter((section) => section.kind === sectionKinds.insert && section.rowCount > 0)
    .map((section) => section.partitionId)
    .filter(
      (partitionId, i, all) => !state.growing.has(partitionId) && all.indexOf(partitionId) === i,
    );
  if (missing.length === 0) return 'none';
  if (missing.length > state.segmentIds.length) return 'needs-ids';
  for (const partitionId of missing) {
    const segmentId = at(state.segmentIds.splice(0, 1), 0);
    const handle = state.parts.native.openGrowing(state.shard, partitionId, segmentId);
    state.growing.set(partitionId, { segmentId, handle });
  }
  return 'opened';
}

export function askForIds(state: ShardWriterState, effects: WriterEffects): void {
  if (state.idsAsked || state.segmentIds.length >= idsLow) return;
  state.idsAsked = true;
  effects.ask(
    coordinatorAddress,
    { type: 'reserve-ids', count: idBlock },
    (outcome: Outcome<number>) => ({ type: 'ids', outcome }),
  );
}

export function idsArrived(
  state: ShardWriterState,
  outcome: Outcome<number>,
  effects: WriterEffects,
): void {
  state.idsAsked = false;
  if (!outcome.ok) {
    // Nothing new can be applied without ids; the log holds what waits.
    effects.timer('ids', idRetryMs, { type: 'ids-retry' });
    return;
  }
  for (let i = 0; i < idBlock; i++) state.segmentIds.push(outcome.value + i);
  drain(state, effects);
}

/** Answers those who wait until a stamp is applied. */
export function settleWaits(state: ShardWriterState, effects: WriterEffects): void {
  const firstUnapplied = state.pending[0]?.timestamp ?? null;
  for (let i = state.waits.length - 1; i >= 0; i--) {
    const wait = at(state.waits, i);
    if (firstUnapplied !== null && firstUnapplied <= wait.timestamp) continue;
    effects.reply(wait.reply, succeeded(null));
    state.waits.splice(i, 1);
  }
}
