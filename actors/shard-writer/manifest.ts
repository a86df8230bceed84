// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The shard's manifest: what the writer asks the coordinator to commit, and what it believes.

import type { Outcome } from '../../src/core/index.ts';
import type { ManifestChange, SegmentMeta, ShardManifest } from '../../src/model/index.ts';
import { coordinatorAddress } from '../addresses.ts';
import type { ShardWriterMessage } from './messages.ts';
import type { ShardWriterState, WriterEffects } from './state.ts';

/**
 * Asks the coordinator for a compare-and-set on this shard's manifest. Commits may be under way
 * one behind the other: each expects the version that the one before it makes.
 */
export function commitManifest(
  state: ShardWriterState,
  change: ManifestChange,
  effects: WriterEffects,
  then: (outcome: Outcome<ShardManifest>) => ShardWriterMessage,
): void {
  const { shardId } = state;
  const expectedVersion = state.nextVersion++;
  effects.ask(
    coordinatorAddress,
    { type: 'commit-manifest', shardId, expectedVersion, change },
    then,
  );
}

/** Takes a commit's answer: the newest manifest known, and the version to expect after a failure. */
export function settleCommit(state: ShardWriterState, outcome: Outcome<ShardManifest>): void {
  if (!outcome.ok) state.nextVersion = state.manifest.version;
  else if (outcome.value.version > state.manifest.version) state.manifest = outcome.value;
  adoptManifest(state);
}

/** The committed manifest's metas are the truth for the open segments. */
export function adoptManifest(state: ShardWriterState): void {
  for (let i = 0; i < state.sealed.length; i++) {
    const segment = state.sealed[i];
    const meta = segment === undefined ? null : metaOf(state, segment.meta.segmentId);
    if (segment !== undefined && meta !== null) state.sealed[i] = { meta, handle: segment.handle };
  }
}

/** The manifest's word on a segment; null when it is gone. */
export function metaOf(state: ShardWriterState, segmentId: number): SegmentMeta | null {
  return state.manifest.segments.find((segment) => segment.segmentId === segmentId) ?? null;
}
