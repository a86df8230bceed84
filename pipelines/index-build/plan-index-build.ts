// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Which index is built next? Pure: tests are tables. Small segments are scanned, not indexed, and
// FLAT has nothing to build.

import { indexRowCountMin } from '../../src/core/limits.ts';
import type { IndexMeta, SegmentMeta } from '../../src/model/index.ts';

export interface IndexBuildSpec {
  readonly segmentId: number;
  readonly index: IndexMeta;
}

/** True when this index takes a file on this segment. */
export function needsIndexFile(segment: { readonly rowCount: number }, index: IndexMeta): boolean {
  return index.indexType !== 'FLAT' && segment.rowCount >= indexRowCountMin;
}

/** The largest segment that lacks an index; `isFailed` leaves out what failed already. */
export function planIndexBuild(
  segments: readonly SegmentMeta[],
  indexes: readonly IndexMeta[],
  isFailed: (segmentId: number, indexId: number) => boolean,
): IndexBuildSpec | null {
  let best: { segment: SegmentMeta; index: IndexMeta } | null = null;
  for (const index of indexes) {
    for (const segment of segments) {
      if (!needsIndexFile(segment, index) || isFailed(segment.segmentId, index.indexId)) continue;
      if (segment.indexes.some((built) => built.indexId === index.indexId)) continue;
      if (best === null || segment.rowCount > best.segment.rowCount) best = { segment, index };
    }
  }
  return best === null ? null : { segmentId: best.segment.segmentId, index: best.index };
}
