// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Index builds of one shard: one at a time, largest segment first, each committed and attached by
// itself. Until then the segment is scanned, so a search never waits for a build.

import type { Outcome } from '../../src/core/index.ts';
import { type IndexMeta, noManifestChange, type ShardManifest } from '../../src/model/index.ts';
import { type IndexFile, planIndexBuild, runIndexBuild } from '../../pipelines/index.ts';
import { commitManifest, settleCommit } from './manifest.ts';
import type { ShardWriterState, WriterEffects } from './state.ts';

export function planNextBuild(state: ShardWriterState, effects: WriterEffects): void {
  if (state.building !== null || state.phase !== 'ready') return;
  const spec = planIndexBuild(
    state.sealed.map((segment) => segment.meta),
    state.indexes,
    (segmentId, indexId) => state.failedBuilds.has(`${segmentId}/${indexId}`),
  );
  const segment = state.sealed.find((candidate) => candidate.meta.segmentId === spec?.segmentId);
  if (spec === null || segment === undefined) return;
  state.building = { segmentId: spec.segmentId, indexId: spec.index.indexId };
  const job = {
    segment: segment.meta,
    handle: segment.handle,
    index: spec.index,
    threadCount: state.parts.indexThreadCount,
  };
  effects.start(
    () => runIndexBuild(state.parts.files, job),
    (outcome) => ({ type: 'index-built', outcome }),
  );
}

export function indexBuilt(
  state: ShardWriterState,
  outcome: Outcome<IndexFile>,
  effects: WriterEffects,
): void {
  const { building } = state;
  if (building === null) return;
  if (!outcome.ok) {
    state.failedBuilds.set(`${building.segmentId}/${building.indexId}`, outcome.error);
    state.building = null;
    planNextBuild(state, effects);
    return;
  }
  commitIndex(state, outcome.value, effects);
}

function commitIndex(state: ShardWriterState, built: IndexFile, effects: WriterEffects): void {
  if (!state.indexes.some((index) => index.indexId === built.file.indexId)) {
    state.building = null;
    planNextBuild(state, effects);
    return;
  }
  const change = {
    ...noManifestChange,
    addIndexes: [{ segmentId: built.segmentId, index: built.file }],
  };
  commitManifest(state, change, effects, (outcome) => ({
    type: 'index-committed',
    built,
    outcome,
  }));
}

export function indexCommitted(
  state: ShardWriterState,
  built: IndexFile,
  outcome: Outcome<ShardManifest>,
  effects: WriterEffects,
): void {
  settleCommit(state, outcome);
  state.building = null;
  if (outcome.ok) {
    const segment = state.sealed.find((candidate) => candidate.meta.segmentId === built.segmentId);
    if (segment !== undefined)
      state.parts.native.attachIndex(segment.handle, built.file.fieldId, built.source);
  } else {
    state.failedBuilds.set(`${built.segmentId}/${built.file.indexId}`, outcome.error);
  }
  planNextBuild(state, effects);
}

/** The collection's indexes changed: what is gone is detached at once, its files leave the manifest. */
export function indexesChanged(
  state: ShardWriterState,
  indexes: readonly IndexMeta[],
  effects: WriterEffects,
): void {
  const gone = state.indexes.filter(
    (old) => !indexes.some((index) => index.indexId === old.indexId),
  );
  state.indexes = indexes;
  for (const index of gone) {
    for (const segment of state.sealed) {
      const built = segment.meta.indexes.some((file) => file.indexId === index.indexId);
      if (built) state.parts.native.detachIndex(segment.handle, index.fieldId);
    }
  }
  if (gone.length > 0)
    removeIndexes(
      state,
      gone.map((index) => index.indexId),
      effects,
    );
  planNextBuild(state, effects);
}

function removeIndexes(
  state: ShardWriterState,
  removeIndexIds: readonly number[],
  effects: WriterEffects,
): void {
  const change = { ...noManifestChange, removeIndexIds };
  commitManifest(state, change, effects, (outcome) => ({ type: 'index-removed', outcome }));
}

export function indexRemoved(
  state: ShardWriterState,
  outcome: Outcome<ShardManifest>,
  effects: WriterEffects,
): void {
  settleCommit(state, outcome);
  planNextBuild(state, effects);
}
