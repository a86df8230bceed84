// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The shard writer's language: what can happen to a shard, on one page.

import type { NativeSource, SealedSource } from '../../native/index.ts';
import type { Outcome } from '../../src/core/index.ts';
import type {
  CollectionMeta,
  IndexMeta,
  SegmentMeta,
  ShardManifest,
  Timestamp,
} from '../../src/model/index.ts';
import type { FlushedFiles, IndexFile } from '../../pipelines/index.ts';
import type { ReplyTo } from '../runtime/index.ts';

export interface ShardWriterInit {
  readonly shardId: number;
  readonly collection: CollectionMeta;
  readonly manifest: ShardManifest;
}

/** A manifest's segment with where its bytes are. */
export interface OpenedSegment {
  readonly meta: SegmentMeta;
  readonly source: SealedSource;
  readonly indexes: readonly { readonly fieldId: number; readonly source: NativeSource }[];
}

/** Answer to stage and delete-where. */
export interface Staged {
  readonly timestamp: Timestamp;
  readonly rowCount: number;
}

/** Answer to stats. */
export interface ShardStats {
  readonly rowCount: number;
  readonly growingRowCount: number;
  readonly sealed: readonly {
    readonly segmentId: number;
    readonly rowCount: number;
    readonly indexIds: readonly number[];
    /** Builds that failed, with their reason. */
    readonly failures: readonly { readonly indexId: number; readonly reason: string }[];
  }[];
}

export type ShardWriterMessage =
  /** A new shard without files or log: ready at once; answers null. */
  | { readonly type: 'start'; readonly reply: ReplyTo }
  /** Opens the manifest's segments; answers null. */
  | { readonly type: 'open'; readonly reply: ReplyTo }
  | {
      readonly type: 'opened';
      readonly outcome: Outcome<readonly OpenedSegment[]>;
      readonly reply: ReplyTo;
    }
  /** An envelope from the log, in order, behind the checkpoint. */
  | {
      readonly type: 'replay';
      readonly sequence: number;
      readonly timestamp: Timestamp;
      readonly body: Uint8Array;
    }
  /** The log holds no more; answers null when everything is applied. */
  | { readonly type: 'replay-end'; readonly reply: ReplyTo }
  | { readonly type: 'ids'; readonly outcome: Outcome<number> }
  | { readonly type: 'ids-retry' }
  /** A log body with head room; answers Staged once it is durable and applied. */
  | {
      readonly type: 'stage';
      readonly buffer: Uint8Array;
      readonly rowCount: number;
      readonly reply: ReplyTo;
    }
  | { readonly type: 'appended'; readonly write: number; readonly outcome: Outcome<number> }
  /** Deletes what a filter matches once everything staged is applied; answers Staged. */
  | {
      readonly type: 'delete-where';
      readonly program: Uint8Array | null;
      readonly partitionIds: readonly number[] | null;
      readonly reply: ReplyTo;
    }
  | {
      readonly type: 'delete-keys';
      readonly outcome: Outcome<DeletableKeys>;
      readonly reply: ReplyTo;
    }
  /** Answers null once every stamp up to this one is applied. */
  | { readonly type: 'when-applied'; readonly timestamp: Timestamp; readonly reply: ReplyTo }
  /** Answers the ids of the segments sealed, once everything applied before is in files. */
  | { readonly type: 'flush'; readonly reply: ReplyTo }
  | { readonly type: 'flush-tick' }
  | { readonly type: 'flush-written'; readonly outcome: Outcome<FlushedFiles> }
  /** The log is durable as far as the files reach. */
  | {
      readonly type: 'flush-synced';
      readonly flushed: FlushedFiles;
      readonly outcome: Outcome<null>;
    }
  | {
      readonly type: 'flush-committed';
      readonly flushed: FlushedFiles;
      readonly outcome: Outcome<ShardManifest>;
    }
  /** The collection's indexes changed; builds and removals follow. */
  | { readonly type: 'indexes'; readonly indexes: readonly IndexMeta[] }
  | { readonly type: 'index-built'; readonly outcome: Outcome<IndexFile> }
  | {
      readonly type: 'index-committed';
      readonly built: IndexFile;
      readonly outcome: Outcome<ShardManifest>;
    }
  | { readonly type: 'index-removed'; readonly outcome: Outcome<ShardManifest> }
  /** Answers ShardStats. */
  | { readonly type: 'stats'; readonly reply: ReplyTo };

/** Keys that a filter matched, as the delete section to log. */
export interface DeletableKeys {
  readonly buffer: Uint8Array | null;
  readonly rowCount: number;
}
