// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The coordinator's language: catalogue changes, id blocks, manifest commits. It is the only one
// that writes the meta log. Requests carry `reply`; the comment says what is answered.

import type { ErrorData, Outcome } from '../../src/core/index.ts';
import type {
  CatalogState,
  CollectionSchema,
  ConsistencyLevel,
  Durability,
  IndexMeta,
  ManifestChange,
} from '../../src/model/index.ts';
import type { ReplyTo } from '../runtime/index.ts';

/** What a new collection is made from; ids are given by the coordinator. */
export interface NewCollection {
  readonly database: string;
  readonly schema: CollectionSchema;
  readonly shardCount: number;
  readonly consistency: ConsistencyLevel;
  readonly durability: Durability;
  readonly properties: Readonly<Record<string, string>>;
}

export type CoordinatorMessage =
  /** Opens the engine; answers null when every shard has replayed. */
  | { readonly type: 'open'; readonly reply: ReplyTo }
  | { readonly type: 'meta-opened'; readonly outcome: Outcome<CatalogState> }
  | { readonly type: 'log-opened'; readonly outcome: Outcome<null> }
  | { readonly type: 'shard-opened'; readonly shardId: number; readonly outcome: Outcome<null> }
  | { readonly type: 'replayed'; readonly outcome: Outcome<null> }
  | { readonly type: 'shard-ready'; readonly shardId: number; readonly outcome: Outcome<null> }
  /** Answers the collection id; an equal collection that is there already is no error. */
  | { readonly type: 'create-collection'; readonly request: NewCollection; readonly reply: ReplyTo }
  | { readonly type: 'drop-collection'; readonly collectionId: number; readonly reply: ReplyTo }
  /** Answers null; an equal index that is there already is no error. */
  | {
      readonly type: 'create-index';
      readonly collectionId: number;
      readonly index: Omit<IndexMeta, 'indexId'>;
      readonly reply: ReplyTo;
    }
  | {
      readonly type: 'drop-index';
      readonly collectionId: number;
      readonly indexIds: readonly number[];
      readonly reply: ReplyTo;
    }
  /** Records the load wish; answers null when every reader follows it. */
  | {
      readonly type: 'set-loaded';
      readonly collectionId: number;
      readonly loaded: boolean;
      readonly reply: ReplyTo;
    }
  | { readonly type: 'reader-set'; readonly token: number; readonly outcome: Outcome<null> }
  /** Answers the first id of a block of `count`. */
  | { readonly type: 'reserve-ids'; readonly count: number; readonly reply: ReplyTo }
  /** Compare-and-set of a shard's manifest; answers the new ShardManifest, or version-conflict. */
  | {
      readonly type: 'commit-manifest';
      readonly shardId: number;
      readonly expectedVersion: number;
      readonly change: ManifestChange;
      readonly reply: ReplyTo;
    }
  | { readonly type: 'committed'; readonly token: number; readonly outcome: Outcome<number> }
  | { readonly type: 'clock-tick' }
  | { readonly type: 'removed' }
  /** A log, shard or cell reports that it can't go on. */
  | { readonly type: 'unhealthy'; readonly what: string; readonly error: ErrorData };
