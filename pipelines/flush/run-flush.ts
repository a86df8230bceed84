// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The work of a flush: frozen segments are sorted, written and synced, and so are the deletes of
// older segments. Nothing here changes what readers see; the shard's writer commits the result.

import type { NativeFace, NativeHandle, SealedSource } from '../../native/index.ts';
import type {
  CollectionSchema,
  DeleteFile,
  SegmentMeta,
  Timestamp,
} from '../../src/model/index.ts';
import {
  sealedSourceOf,
  type SegmentFileDeps,
  writeDeleteFile,
  writeSegment,
} from '../../src/storage/index.ts';

export interface ShardFilesDeps {
  readonly native: NativeFace;
  readonly files: SegmentFileDeps;
}

export interface FlushSource {
  readonly handle: NativeHandle;
  readonly segmentId: number;
  readonly partitionId: number;
  readonly minTimestamp: Timestamp;
  readonly maxTimestamp: Timestamp;
}

export interface FlushJob {
  readonly collectionId: number;
  readonly shardId: number;
  readonly schema: CollectionSchema;
  readonly frozen: readonly FlushSource[];
  readonly throughTimestamp: Timestamp;
  /** Delete images of sealed segments, to be written beside them. */
  readonly deletes: readonly { readonly meta: SegmentMeta; readonly image: Uint8Array }[];
}

export interface FlushedFiles {
  readonly segments: readonly {
    readonly meta: SegmentMeta;
    readonly source: SealedSource;
    readonly frozen: NativeHandle;
  }[];
  readonly deletes: readonly { readonly segmentId: number; readonly deletes: DeleteFile }[];
}

/** Folder of a shard's segments, relative to the data directory. */
export function shardFolder(collectionId: number, shardId: number): string {
  return `c/${collectionId}/${shardId}`;
}

export async function runFlush(deps: ShardFilesDeps, job: FlushJob): Promise<FlushedFiles> {
  const segments: FlushedFiles['segments'][number][] = [];
  for (const source of job.frozen) {
    const meta = await flushSegment(deps, job, source);
    // The sealed form comes without deletes: the frozen one's are carried over at the swap.
    const sealed = await sealedSourceOf(deps.files, { ...meta, deletes: null }, job.schema);
    segments.push({ meta, source: sealed, frozen: source.handle });
  }
  const deletes: FlushedFiles['deletes'][number][] = [];
  for (const { meta, image } of job.deletes) {
    const version = (meta.deletes?.version ?? 0) + 1;
    const file = await writeDeleteFile(deps.files, meta.folder, {
      version,
      image,
      throughTimestamp: job.throughTimestamp,
    });
    deletes.push({ segmentId: meta.segmentId, deletes: file });
  }
  return { segments, deletes };
}

async function flushSegment(
  deps: ShardFilesDeps,
  job: FlushJob,
  source: FlushSource,
): Promise<SegmentMeta> {
  const image = await deps.native.sealImage(source.handle, job.throughTimestamp);
  const folder = `${shardFolder(job.collectionId, job.shardId)}/${source.segmentId}`;
  const files = await writeSegment(deps.files, folder, image, job.schema);
  for (const bytes of [image.base, image.keys, ...image.vectors.map((vector) => vector.bytes)]) {
    deps.native.releaseBytes(bytes);
  }
  const deletes =
    image.deletes === null
      ? null
      : await writeDeleteFile(deps.files, folder, {
          version: 1,
          image: image.deletes,
          throughTimestamp: job.throughTimestamp,
        });
  const sizes = [files.baseRows, files.keys, ...files.vectors].map((file) => file.sizeBytes);
  return {
    segmentId: source.segmentId,
    partitionId: source.partitionId,
    rowCount: image.rowCount,
    minTimestamp: String(source.minTimestamp),
    maxTimestamp: String(source.maxTimestamp),
    commitTimestamp: '0',
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    sortedByKey: true,
    folder,
    files,
    deletes,
    indexes: [],
  };
}
