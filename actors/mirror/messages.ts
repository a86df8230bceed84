// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the doors' copy of the catalogue is told, in commit order.

import type { CollectionMeta } from '../../src/model/index.ts';

export type MirrorMessage =
  | { readonly type: 'collection'; readonly collection: CollectionMeta }
  | { readonly type: 'collection-gone'; readonly collectionId: number }
  /** A shard's native handle, once its writer made it. */
  | { readonly type: 'shard'; readonly shardId: number; readonly shard: number }
  /** A reader published (or took back) the shard's view. */
  | { readonly type: 'shard-loaded'; readonly shardId: number; readonly loaded: boolean }
  | { readonly type: 'unhealthy'; readonly reason: string };
