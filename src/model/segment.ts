// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Sealed segments and the manifest that says which of them a shard consists of. Plain data: it is
// stored as JSON in the meta log. Timestamps are decimal text for that reason.

/** One written file: its name inside the segment's folder, its size and checksum. */
export interface SegmentFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly crc32c: number;
}

export interface VectorFile extends SegmentFile {
  readonly fieldId: number;
  /** Where the raw rows begin inside the Parquet file. */
  readonly dataOffsetBytes: number;
  readonly dataSizeBytes: number;
}

export interface SegmentFiles {
  readonly baseParquet: SegmentFile;
  /** The same rows as a RowBatch: a cache that can be rebuilt from baseParquet. */
  readonly baseRows: SegmentFile;
  readonly vectors: readonly VectorFile[];
  readonly keys: SegmentFile;
}

export interface DeleteFile extends SegmentFile {
  readonly version: number;
  /** Every delete up to this stamp is in the file. */
  readonly throughTimestamp: string;
}

export interface SegmentIndexFile extends SegmentFile {
  readonly fieldId: number;
  readonly indexId: number;
  readonly indexName: string;
}

export interface SegmentMeta {
  readonly segmentId: number;
  readonly partitionId: number;
  readonly rowCount: number;
  readonly minTimestamp: string;
  readonly maxTimestamp: string;
  /** Effective timestamp of a row = max(its own, this); '0' for flushed segments. */
  readonly commitTimestamp: string;
  readonly sizeBytes: number;
  readonly sortedByKey: boolean;
  /** Folder relative to the data directory. */
  readonly folder: string;
  readonly files: SegmentFiles;
  readonly deletes: DeleteFile | null;
  readonly indexes: readonly SegmentIndexFile[];
}

export interface ShardManifest {
  readonly shardId: number;
  readonly collectionId: number;
  /** Counts commits from 0; the compare-and-set is on it. */
  readonly version: number;
  /** Everything up to this log sequence is in the files; replay starts after it. */
  readonly checkpointSequence: number;
  readonly segments: readonly SegmentMeta[];
}

/** What one commit changes. */
export interface ManifestChange {
  readonly addSegments: readonly SegmentMeta[];
  readonly removeSegmentIds: readonly number[];
  readonly setDeletes: readonly { readonly segmentId: number; readonly deletes: DeleteFile }[];
  readonly addIndexes: readonly { readonly segmentId: number; readonly index: SegmentIndexFile }[];
  readonly removeIndexIds: readonly number[];
  /** Null = as it was. */
  readonly checkpointSequence: number | null;
}

export const noManifestChange: ManifestChange = {
  addSegments: [],
  removeSegmentIds: [],
  setDeletes: [],
  addIndexes: [],
  removeIndexIds: [],
  checkpointSequence: null,
};

/** The manifest after a change. Pure; changes to segments that are gone meanwhile fall away. */
export function applyManifestChange(
  manifest: ShardManifest,
  change: ManifestChange,
): ShardManifest {
  const removed = new Set(change.removeSegmentIds);
  const removedIndexes = new Set(change.removeIndexIds);
  const deletes = new Map(change.setDeletes.map((entry) => [entry.segmentId, entry.deletes]));
  const segments = [...manifest.segments, ...change.addSegments]
    .filter((segment) => !removed.has(segment.segmentId))
    .map((segment) => {
      const added = change.addIndexes.filter((entry) => entry.segmentId === segment.segmentId);
      const indexes = [...segment.indexes, ...added.map((entry) => entry.index)];
      return {
        ...segment,
        deletes: deletes.get(segment.segmentId) ?? segment.deletes,
        indexes: indexes.filter((index) => !removedIndexes.has(index.indexId)),
      };
    });
  return {
    ...manifest,
    version: manifest.version + 1,
    checkpointSequence: change.checkpointSequence ?? manifest.checkpointSequence,
    segments,
  };
}
