// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The one owner of a log. Appends that arrive while a group is being written wait and form the
// next group: group commit without a timer. An append or sync error is fatal for the log: what is
// in flight has an unknown fate until the log is reopened, so later appends are refused and the
// shards keep serving reads. At start it reads the log once and hands each envelope to its shard.

import {
  type Clock,
  DbError,
  type ErrorData,
  failed,
  type Outcome,
  succeeded,
} from '../../src/core/index.ts';
import { groupCommitBytesMax } from '../../src/core/limits.ts';
import { type Envelope, envelopeKinds, type Wal } from '../../src/storage/index.ts';
import { coordinatorAddress, shardWriterAddress } from '../addresses.ts';
import type { Actor, Effects, Post, ReplyTo } from '../runtime/index.ts';
import type { AppendRequest, LogMessage } from './messages.ts';

export interface LogInit {
  readonly logId: number;
  readonly minLastSequence: number;
}

export interface LogParts {
  /** Opens the log; one that ends before minLastSequence has lost what files build on. */
  readonly openWal: (minLastSequence: number) => Promise<Wal>;
  readonly minLastSequence: number;
  readonly clock: Clock;
  /** How long interval-durable rows may stay un-synced. */
  readonly syncIntervalMs: number;
  /** Delivers a message outside of a handler: the replay streams envelopes from disk. */
  readonly post: Post;
}

export interface LogState {
  readonly parts: LogParts;
  wal: Wal | null;
  waiting: AppendRequest[];
  busy: boolean;
  syncTimerSet: boolean;
  syncWanted: boolean;
  /** Who asked for the sync that comes next, and for the one that runs. */
  syncWaiters: ReplyTo[];
  syncing: ReplyTo[];
  failure: ErrorData | null;
  /** Replay starts behind these; a shard without rows in the log has no entry. */
  readonly needed: Map<number, number>;
  /** Shards that have rows behind their checkpoint. */
  readonly lastAppended: Map<number, number>;
}

export function newLogState(parts: LogParts): LogState {
  return {
    parts,
    wal: null,
    waiting: [],
    busy: false,
    syncTimerSet: false,
    syncWanted: false,
    syncWaiters: [],
    syncing: [],
    failure: null,
    needed: new Map(),
    lastAppended: new Map(),
  };
}

export const logActor: Actor<LogState, LogMessage> = {
  handle(state, message, effects) {
    switch (message.type) {
      case 'open':
        return open(state, message.reply, effects);
      case 'opened':
        effects.reply(message.reply, message.outcome);
        return;
      case 'replay':
        return replay(state, message, effects);
      case 'replay-done':
        effects.reply(message.reply, message.outcome);
        return;
      case 'append':
        return append(state, message, effects);
      case 'written':
        return written(state, message.group, message.outcome, effects);
      case 'sync':
        state.syncWaiters.push(message.reply);
        state.syncWanted = true;
        return writeNext(state, effects);
      case 'sync-tick':
        state.syncTimerSet = false;
        state.syncWanted = true;
        return writeNext(state, effects);
      case 'synced':
        return synced(state, message.outcome, effects);
      case 'checkpoint':
        return checkpoint(state, message.shardId, message.sequence, effects);
      case 'forget':
        state.needed.delete(message.shardId);
        state.lastAppended.delete(message.shardId);
        return;
      case 'trimmed':
        state.busy = false;
        return writeNext(state, effects);
    }
  },
  stop(state, effects) {
    const closed = failed(new DbError({ code: 'closed', message: 'the log was closed' }));
    const replies = [
      ...state.waiting.splice(0).map((request) => request.reply),
      ...state.syncWaiters,
      ...state.syncing,
    ];
    for (const reply of replies) effects.reply(reply, closed);
    // Nothing waits for this: what was acknowledged is durable already.
    void state.wal?.close();
  },
};

function open(state: LogState, reply: ReplyTo, effects: Effects<LogMessage>): void {
  effects.start(
    async () => {
      state.wal = await state.parts.openWal(state.parts.minLastSequence);
      return null;
    },
    (outcome) => ({ type: 'opened', outcome, reply }),
  );
}

function replay(
  state: LogState,
  message: Extract<LogMessage, { type: 'replay' }>,
  effects: Effects<LogMessage>,
): void {
  const { wal } = state;
  if (wal === null) {
    effects.reply(
      message.reply,
      failed(new DbError({ code: 'log-failed', message: 'the log is not open' })),
    );
    return;
  }
  for (const { shardId, sequence } of message.checkpoints) state.needed.set(shardId, sequence);
  // A shard without rows behind its checkpoint does not keep the log from being trimmed past it.
  const from = Math.max(
    wal.firstSequence,
    Math.min(...state.needed.values(), wal.lastSequence) + 1,
  );
  effects.start(
    async () => {
      if (from <= wal.lastSequence) await wal.read(from, (envelope) => deliver(state, envelope));
      return null;
    },
    (outcome) => ({ type: 'replay-done', outcome, reply: message.reply }),
  );
}

function deliver(state: LogState, envelope: Envelope): void {
  if (envelope.kind !== envelopeKinds.write) return;
  const flushedThrough = state.needed.get(envelope.shardId);
  // Rows of a collection that was dropped later have no shard any more.
  if (flushedThrough === undefined || envelope.sequence <= flushedThrough) return;
  state.lastAppended.set(envelope.shardId, envelope.sequence);
  state.parts.post(shardWriterAddress(envelope.shardId), {
    type: 'replay',
    sequence: envelope.sequence,
    timestamp: envelope.lastTimestamp,
    body: envelope.body,
  });
}

function append(state: LogState, request: AppendRequest, effects: Effects<LogMessage>): void {
  if (state.failure !== null) {
    effects.reply(request.reply, { ok: false, error: state.failure });
    return;
  }
  state.waiting.push(request);
  writeNext(state, effects);
}

function writeNext(state: LogState, effects: Effects<LogMessage>): void {
  const { wal } = state;
  if (state.busy || state.failure !== null || wal === null) return;
  if (state.waiting.length === 0) {
    if (!state.syncWanted) return;
    state.syncWanted = false;
    state.syncing = state.syncWaiters.splice(0);
    state.busy = true;
    effects.start(
      async () => {
        await wal.sync();
        return null;
      },
      (outcome) => ({ type: 'synced', outcome }),
    );
    return;
  }
  const group = takeGroup(state);
  const sync = state.syncWanted || group.some((request) => request.durability === 'fsync');
  if (sync && state.syncWaiters.length === 0) state.syncWanted = false;
  state.busy = true;
  effects.start(
    async () => {
      const result = await wal.append(
        group.map((request) => request.draft),
        { sync },
      );
      return result.firstSequence;
    },
    (outcome) => ({ type: 'written', group, outcome }),
  );
}

function synced(state: LogState, outcome: Outcome<null>, effects: Effects<LogMessage>): void {
  state.busy = false;
  for (const reply of state.syncing.splice(0)) effects.reply(reply, outcome);
  if (!outcome.ok) return fail(state, outcome.error, effects);
  writeNext(state, effects);
}

function takeGroup(state: LogState): AppendRequest[] {
  let sizeBytes = 0;
  let count = 0;
  for (const request of state.waiting) {
    sizeBytes += request.draft.buffer.byteLength;
    if (count > 0 && sizeBytes > groupCommitBytesMax) break;
    count++;
  }
  return state.waiting.splice(0, count);
}

function written(
  state: LogState,
  group: readonly AppendRequest[],
  outcome: Outcome<number>,
  effects: Effects<LogMessage>,
): void {
  state.busy = false;
  group.forEach((request, i) => {
    if (!outcome.ok) {
      effects.reply(request.reply, outcome);
      return;
    }
    const sequence = outcome.value + i;
    state.lastAppended.set(request.draft.shardId, sequence);
    effects.reply(request.reply, succeeded(sequence));
  });
  // After disk-full nothing was appended and the log goes on.
  if (!outcome.ok && outcome.error.code === 'log-failed')
    return fail(state, outcome.error, effects);
  if (!state.syncTimerSet && group.some((request) => request.durability === 'interval')) {
    state.syncTimerSet = true;
    effects.timer('sync', state.parts.syncIntervalMs, { type: 'sync-tick' });
  }
  writeNext(state, effects);
}

function fail(state: LogState, error: ErrorData, effects: Effects<LogMessage>): void {
  state.failure = {
    ...error,
    code: 'log-failed',
    message: `the log refuses writes until a restart: ${error.message}`,
  };
  const refusal = { ok: false, error: state.failure } as const;
  for (const { reply } of state.waiting.splice(0)) effects.reply(reply, refusal);
  for (const reply of state.syncWaiters.splice(0)) effects.reply(reply, refusal);
  effects.send(coordinatorAddress, { type: 'unhealthy', what: 'log', error: state.failure });
}

/** Files below every shard's checkpoint are not needed any more. */
function checkpoint(
  state: LogState,
  shardId: number,
  sequence: number,
  effects: Effects<LogMessage>,
): void {
  state.needed.set(shardId, sequence);
  const { wal } = state;
  if (wal === null || state.busy || state.failure !== null) return;
  let through = wal.durableSequence;
  for (const [shard, last] of state.lastAppended) {
    const done = state.needed.get(shard) ?? 0;
    if (done < last) through = Math.min(through, done);
  }
  if (through < wal.firstSequence) return;
  state.busy = true;
  effects.start(
    async () => {
      await wal.trim(through);
      return null;
    },
    (outcome) => ({ type: 'trimmed', outcome }),
  );
}
