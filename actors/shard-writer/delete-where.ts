// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Delete by filter, a read-modify-write: it waits until everything staged is applied, reads the
// matching keys, and logs the keys, never the filter, so that replay evaluates nothing. Writes
// that arrive meanwhile are held, in order, until the keys are staged.

import {
  columnOf,
  decodeRowBatch,
  encodeLogBody,
  primaryKeyOf,
  sectionKinds,
} from '../../src/model/index.ts';
import { DbError, failed, succeeded } from '../../src/core/index.ts';
import { envelopeBodyBytesMax } from '../../src/core/limits.ts';
import { envelopeHeadRoomBytes } from '../../src/storage/index.ts';
import type { ReplyTo } from '../runtime/index.ts';
import type { DeletableKeys, ShardWriterMessage, Staged } from './messages.ts';
import type { ShardWriterState, WriterEffects } from './state.ts';
import { stage } from './write.ts';

/** Keys that one delete may resolve to; as much as one log body can carry. */
const keyBytesMax = envelopeBodyBytesMax / 2;

type Held = Extract<ShardWriterMessage, { type: 'stage' | 'delete-where' }>;

/** Takes a write request in its turn. */
export function admit(state: ShardWriterState, message: Held, effects: WriterEffects): void {
  if (state.barrier || state.held.length > 0) {
    state.held.push(message);
    return;
  }
  if (message.type === 'stage') stage(state, message, effects);
  else if (state.pending.length > 0) state.held.push(message);
  else findKeys(state, message, effects);
}

/** Called whenever the pending list may have become empty. */
export function releaseHeld(state: ShardWriterState, effects: WriterEffects): void {
  while (!state.barrier) {
    const next = state.held[0];
    if (next === undefined) return;
    if (next.type === 'delete-where' && state.pending.length > 0) return;
    state.held.shift();
    if (next.type === 'stage') stage(state, next, effects);
    else findKeys(state, next, effects);
  }
}

function findKeys(
  state: ShardWriterState,
  message: Extract<Held, { type: 'delete-where' }>,
  effects: WriterEffects,
): void {
  const { native, hybridClock, clock } = state.parts;
  const pin =
    state.phase === 'ready' ? native.pinLatest(state.shard, hybridClock, clock.nowMs()) : -1;
  if (pin < 0) {
    const code = state.phase === 'ready' ? 'collection-not-loaded' : 'not-ready';
    effects.reply(message.reply, failed(new DbError({ code, message: 'collection not loaded' })));
    return;
  }
  state.barrier = true;
  const key = primaryKeyOf(state.collection.schema);
  effects.start(
    async () => {
      const found = await native.query({
        pins: Float64Array.of(pin),
        program: message.program,
        partitionIds:
          message.partitionIds === null ? null : Float64Array.from(message.partitionIds),
        offset: 0,
        limit: 0,
        orderByKey: false,
        ignoreGrowing: false,
        outputFieldIds: Uint32Array.of(key.id),
        countOnly: false,
        resultBytesMax: keyBytesMax,
        cancel: 0,
      });
      return deleteBody(found.rows, key.id);
    },
    (outcome) => ({ type: 'delete-keys', outcome, reply: message.reply }),
  );
}

function deleteBody(rows: Uint8Array | null, keyFieldId: number): DeletableKeys {
  const batch = rows === null ? null : decodeRowBatch(rows);
  const column = batch === null ? null : columnOf(batch, keyFieldId);
  if (batch === null || column === null || batch.rowCount === 0)
    return { buffer: null, rowCount: 0 };
  const section = {
    kind: sectionKinds.delete,
    partitionId: 0,
    batch: { rowCount: batch.rowCount, columns: [column] },
  };
  return { buffer: encodeLogBody([section], envelopeHeadRoomBytes), rowCount: batch.rowCount };
}

/** The keys are known: they are staged first, then whatever was held. */
export function keysFound(
  state: ShardWriterState,
  message: Extract<ShardWriterMessage, { type: 'delete-keys' }>,
  effects: WriterEffects,
): void {
  state.barrier = false;
  const { outcome, reply } = message;
  if (!outcome.ok) effects.reply(reply, outcome);
  else if (outcome.value.buffer === null) answerNothing(state, reply, effects);
  else
    stage(
      state,
      { buffer: outcome.value.buffer, rowCount: outcome.value.rowCount, reply },
      effects,
    );
  releaseHeld(state, effects);
}

function answerNothing(state: ShardWriterState, reply: ReplyTo, effects: WriterEffects): void {
  const { native, hybridClock } = state.parts;
  const answer: Staged = { timestamp: native.clockLast(hybridClock), rowCount: 0 };
  effects.reply(reply, succeeded(answer));
}
