// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Id blocks. All ids (collections, partitions, shards, segments, indexes, auto ids) come from one
// counter whose reservation is durable before an id below it is given, so none is ever reused.

import { succeeded } from '../../src/core/index.ts';
import type { ReplyTo } from '../runtime/index.ts';
import { type CoordinatorEffects, type CoordinatorState, decide } from './state.ts';

/** Reserved ahead in one record, and the remainder at which the next record is written. */
const reservation = 10_000_000;
const reservationLow = 5_000_000;

/** One id; the reservation made at start keeps enough in hand for catalogue changes. */
export function takeId(state: CoordinatorState): number {
  return state.nextId++;
}

export function reserveIds(
  state: CoordinatorState,
  count: number,
  reply: ReplyTo,
  effects: CoordinatorEffects,
): void {
  state.idRequests.push({ count, reply });
  serveIds(state, effects);
}

/** Answers requests as far as the durable reservation reaches, and extends it in time. */
export function serveIds(state: CoordinatorState, effects: CoordinatorEffects): void {
  for (let next = state.idRequests[0]; next !== undefined; next = state.idRequests[0]) {
    if (state.nextId + next.count > state.idCeiling) break;
    state.idRequests.shift();
    effects.reply(next.reply, succeeded(state.nextId));
    state.nextId += next.count;
  }
  const wanted = state.idRequests.reduce((sum, request) => sum + request.count, 0);
  if (!state.reserving && state.idCeiling - state.nextId - wanted < reservationLow)
    extend(state, wanted, effects);
}

function extend(state: CoordinatorState, wanted: number, effects: CoordinatorEffects): void {
  state.reserving = true;
  const nextId = state.nextId + wanted + reservation;
  decide(state, { type: 'ids-reserved', nextId }, effects, (outcome, later) => {
    state.reserving = false;
    if (outcome.ok) {
      state.idCeiling = nextId;
      serveIds(state, later);
      return;
    }
    for (const request of state.idRequests.splice(0)) later.reply(request.reply, outcome);
  });
}
