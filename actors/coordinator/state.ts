// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the coordinator owns: the catalogue as decided, and the way from decided to durable. A
// change is folded in when it is decided, so that the next request sees it; doors and shards are
// told when its record is durable. If the meta log fails, nothing is decided any more.

import type { NativeFace, NativeHandle } from '../../native/index.ts';
import {
  assert,
  type Clock,
  DbError,
  type ErrorData,
  failed,
  type Outcome,
} from '../../src/core/index.ts';
import {
  applyCatalogRecord,
  type CatalogRecord,
  type CatalogState,
  type CollectionMeta,
  emptyCatalog,
} from '../../src/model/index.ts';
import type { MetaLog } from '../../src/storage/index.ts';
import { mirrorAddress } from '../addresses.ts';
import type { Effects, ReplyTo } from '../runtime/index.ts';
import type { CoordinatorMessage } from './messages.ts';

export interface CoordinatorParts {
  readonly openMeta: () => Promise<MetaLog<CatalogState, CatalogRecord>>;
  readonly clock: Clock;
  readonly native: NativeFace;
  readonly hybridClock: NativeHandle;
  /** Removes a dropped collection's files. */
  readonly removeFolder: (folder: string) => Promise<void>;
}

export type CoordinatorEffects = Effects<CoordinatorMessage>;
type Continuation = (outcome: Outcome<number>, effects: CoordinatorEffects) => void;

export interface CoordinatorState {
  readonly parts: CoordinatorParts;
  meta: MetaLog<CatalogState, CatalogRecord> | null;
  /** Decided, maybe not durable yet. */
  catalog: CatalogState;
  failure: ErrorData | null;
  /** Next id to give; below idCeiling, which is durable. */
  nextId: number;
  idCeiling: number;
  reserving: boolean;
  readonly idRequests: { readonly count: number; readonly reply: ReplyTo }[];
  readonly continuations: Map<number, Continuation>;
  nextToken: number;
  readonly opening: OpeningProgress;
  /** Load wishes on their way to the readers. */
  readonly loads: Map<
    number,
    { waiting: number; failure: ErrorData | null; readonly reply: ReplyTo }
  >;
}

export interface OpeningProgress {
  reply: ReplyTo | null;
  waiting: number;
  failure: ErrorData | null;
}

export function newCoordinatorState(parts: CoordinatorParts): CoordinatorState {
  return {
    parts,
    meta: null,
    catalog: emptyCatalog,
    failure: null,
    nextId: emptyCatalog.nextId,
    idCeiling: emptyCatalog.nextId,
    reserving: false,
    idRequests: [],
    continuations: new Map(),
    nextToken: 1,
    opening: { reply: null, waiting: 0, failure: null },
    loads: new Map(),
  };
}

/** Decides a record now and continues when it is durable (or is not). */
export function decide(
  state: CoordinatorState,
  record: CatalogRecord,
  effects: CoordinatorEffects,
  then: Continuation,
): void {
  const { meta } = state;
  if (state.failure !== null || meta === null) {
    const error =
      state.failure ??
      new DbError({ code: 'not-ready', message: 'the engine is starting' }).toData();
    then({ ok: false, error }, effects);
    return;
  }
  state.catalog = applyCatalogRecord(state.catalog, record);
  const token = state.nextToken++;
  state.continuations.set(token, then);
  effects.start(
    () => meta.commit(null, record),
    (outcome: Outcome<number>) => ({ type: 'committed', token, outcome }),
  );
}

export function committed(
  state: CoordinatorState,
  token: number,
  outcome: Outcome<number>,
  effects: CoordinatorEffects,
): void {
  const then = state.continuations.get(token);
  assert(then !== undefined, 'a commit has its continuation');
  state.continuations.delete(token);
  if (!outcome.ok && state.failure === null) {
    // What was decided is not what is stored: only a restart can tell which.
    state.failure = outcome.error;
    effects.send(mirrorAddress, {
      type: 'unhealthy',
      reason: `meta log: ${outcome.error.message}`,
    });
  }
  then(outcome, effects);
}

/** A collection that is there; answers the request and gives null when it is not. */
export function requireCollection(
  state: CoordinatorState,
  collectionId: number,
  reply: ReplyTo,
  effects: CoordinatorEffects,
): CollectionMeta | null {
  const collection = state.catalog.collections.get(collectionId) ?? null;
  if (collection === null) {
    const error = new DbError({
      code: 'collection-missing',
      message: `collection not found[collection=${collectionId}]`,
    });
    effects.reply(reply, failed(error));
  }
  return collection;
}
