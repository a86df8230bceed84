// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The work of an index build: the native pool builds the image from the segment's vectors, the
// image becomes a synced file beside them. The shard's writer commits and attaches it.

import type { NativeHandle, NativeSource } from '../../native/index.ts';
import type { IndexMeta, SegmentIndexFile, SegmentMeta } from '../../src/model/index.ts';
import { indexSourceOf, writeIndexFile } from '../../src/storage/index.ts';
import type { ShardFilesDeps } from '../flush/run-flush.ts';

export const metricNumbers = { L2: 1, IP: 2, COSINE: 3 } as const;

export interface IndexBuildJob {
  readonly segment: SegmentMeta;
  readonly handle: NativeHandle;
  readonly index: IndexMeta;
  readonly threadCount: number;
}

export interface IndexFile {
  readonly segmentId: number;
  readonly file: SegmentIndexFile;
  readonly source: NativeSource;
}

export async function runIndexBuild(deps: ShardFilesDeps, job: IndexBuildJob): Promise<IndexFile> {
  const { index, segment } = job;
  const image = await deps.native.buildIndex(
    job.handle,
    {
      fieldId: index.fieldId,
      indexType: index.indexType,
      metric: metricNumbers[index.metric],
      m: index.m,
      efConstruction: index.efConstruction,
      threadCount: job.threadCount,
    },
    0,
  );
  const { fieldId, indexId, indexName } = index;
  const file = await writeIndexFile(deps.files, segment.folder, {
    fieldId,
    indexId,
    indexName,
    image,
  });
  deps.native.releaseBytes(image);
  return {
    segmentId: segment.segmentId,
    file,
    source: await indexSourceOf(deps.files, segment.folder, file),
  };
}
