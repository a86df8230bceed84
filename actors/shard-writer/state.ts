// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What a shard's writer owns. Native handles here belong to the host's owner epoch: when the host
// dies they are freed together, and a restart makes new ones by replay.

import type { NativeFace, NativeHandle } from '../../native/index.ts';
import { type Clock, type ErrorData, type Outcome, succeeded } from '../../src/core/index.ts';
import {
  type CollectionMeta,
  type IndexMeta,
  type SegmentMeta,
  schemaToNativeJson,
  type ShardManifest,
  type Timestamp,
} from '../../src/model/index.ts';
import type { FlushPolicy, ShardFilesDeps } from '../../pipelines/index.ts';
import { mirrorAddress, shardReaderAddress } from '../addresses.ts';
import type { Effects, ReplyTo } from '../runtime/index.ts';
import type { ShardWriterInit, ShardWriterMessage } from './messages.ts';

export interface ShardWriterParts {
  readonly native: NativeFace;
  readonly clock: Clock;
  /** The process-wide hybrid clock. */
  readonly hybridClock: NativeHandle;
  readonly ownerEpoch: number;
  readonly files: ShardFilesDeps;
  readonly flushPolicy: FlushPolicy;
  readonly indexThreadCount: number;
}

/** A write between its stamp and its application, in stamp order. */
export interface PendingWrite {
  readonly write: number;
  readonly timestamp: Timestamp;
  /** Log body without head room. */
  readonly body: Uint8Array;
  readonly sizeBytes: number;
  readonly rowCount: number;
  /** Null while the log has not answered. */
  outcome: Outcome<number> | null;
  /** Null for replayed envelopes. */
  readonly reply: ReplyTo | null;
}

export type WriterEffects = Effects<ShardWriterMessage>;

export interface SealedSegment {
  readonly meta: SegmentMeta;
  readonly handle: NativeHandle;
}

export interface ShardWriterState {
  readonly parts: ShardWriterParts;
  readonly shardId: number;
  readonly collection: CollectionMeta;
  indexes: readonly IndexMeta[];
  readonly schema: NativeHandle;
  readonly shard: NativeHandle;
  manifest: ShardManifest;
  /** Version that the next manifest commit expects; ahead of manifest.version while commits are under way. */
  nextVersion: number;
  phase: 'opening' | 'replaying' | 'ready';

  // Writes.
  readonly pending: PendingWrite[];
  nextWrite: number;
  stagedBytes: number;
  lastAppliedSequence: number;
  lastAppliedTimestamp: Timestamp;
  /** Requests that wait behind a read-modify-write. */
  readonly held: Extract<ShardWriterMessage, { type: 'stage' | 'delete-where' }>[];
  /** True while a delete by filter looks for its keys. */
  barrier: boolean;
  readonly waits: { readonly timestamp: Timestamp; readonly reply: ReplyTo }[];
  replayEnd: ReplyTo | null;
  appliedSinceFlush: number;

  // Segments.
  readonly segmentIds: number[];
  idsAsked: boolean;
  readonly growing: Map<number, { readonly segmentId: number; readonly handle: NativeHandle }>;
  frozen: readonly FrozenEntry[];
  sealed: SealedSegment[];
  /** Delete images made but not committed yet, by segment id. */
  readonly deleteImages: Map<number, Uint8Array>;

  // Flush: at most one attempt at a time; requests that come meanwhile get the next.
  flushing: FlushAttempt | null;
  flushWaiters: ReplyTo[];

  // Index builds: one at a time.
  building: { readonly segmentId: number; readonly indexId: number } | null;
  readonly failedBuilds: Map<string, ErrorData>;
}

export interface FrozenEntry {
  readonly handle: NativeHandle;
  readonly segmentId: number;
  readonly partitionId: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly minTimestamp: Timestamp;
  readonly maxTimestamp: Timestamp;
}

export interface FlushAttempt {
  readonly waiters: readonly ReplyTo[];
  readonly throughSequence: number;
  readonly throughTimestamp: Timestamp;
}

export function newShardWriterState(
  parts: ShardWriterParts,
  init: ShardWriterInit,
): ShardWriterState {
  const schema = parts.native.compileSchema(
    schemaToNativeJson(init.collection.schema),
    parts.ownerEpoch,
  );
  return {
    parts,
    shardId: init.shardId,
    collection: init.collection,
    indexes: init.collection.indexes,
    schema,
    shard: parts.native.createShard(schema, parts.ownerEpoch),
    manifest: init.manifest,
    nextVersion: init.manifest.version,
    phase: 'opening',
    pending: [],
    nextWrite: 1,
    stagedBytes: 0,
    lastAppliedSequence: init.manifest.checkpointSequence,
    lastAppliedTimestamp: throughFiles(init.manifest),
    held: [],
    barrier: false,
    waits: [],
    replayEnd: null,
    appliedSinceFlush: 0,
    segmentIds: [],
    idsAsked: false,
    growing: new Map(),
    frozen: [],
    sealed: [],
    deleteImages: new Map(),
    flushing: null,
    flushWaiters: [],
    building: null,
    failedBuilds: new Map(),
  };
}

/** No stamp in the manifest's files is later. */
function throughFiles(manifest: ShardManifest): Timestamp {
  const stamps = manifest.segments.flatMap((segment) => [
    segment.maxTimestamp,
    segment.deletes?.throughTimestamp ?? '0',
  ]);
  return stamps.map(BigInt).reduce((latest, stamp) => (stamp > latest ? stamp : latest), 0n);
}

/** Tells the reader which segments make up the shard now; frozen ones count until they are replaced. */
export function publishView(state: ShardWriterState, effects: WriterEffects): void {
  const segments = [
    ...state.sealed.map((segment) => segment.handle),
    ...state.frozen.map((segment) => segment.handle),
    ...[...state.growing.values()].map((segment) => segment.handle),
  ];
  effects.send(shardReaderAddress(state.shardId), { type: 'view', shard: state.shard, segments });
}

export function announceShard(state: ShardWriterState, effects: WriterEffects): void {
  effects.send(mirrorAddress, { type: 'shard', shardId: state.shardId, shard: state.shard });
}

export function answerAll(
  waiters: readonly ReplyTo[],
  value: unknown,
  effects: WriterEffects,
): void {
  for (const reply of waiters) effects.reply(reply, succeeded(value));
}
