// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The files of a sealed segment. They are written beside the folder's other files under temporary
// names, synced and renamed, so a second try for a segment can never tear what a first one had
// committed. Nothing means anything until the manifest names it; what it names is checked by size
// and checksum when it is opened. base.rows is a cache: it proves itself and can be made again.

import { DbError, type Disk } from '../core/index.ts';
import type { NativeSource, SealedSource, SegmentImage } from '../../native/index.ts';
import {
  type CollectionSchema,
  type DeleteFile,
  fieldById,
  schemaToNativeJson,
  type SegmentFile,
  type SegmentFiles,
  type SegmentIndexFile,
  type SegmentMeta,
  type Timestamp,
  type VectorFile,
} from '../model/index.ts';
import { makeFolderDurably } from './atomic-file.ts';
import { baseRowsBuffers, readBaseRows } from './base-rows.ts';
import { checksumOf, putFile, readChecked, sourceOf } from './checked-file.ts';
import type { Crc32c } from './envelope.ts';
import { vectorDataOffsetBytes, vectorParquetFrame } from './vector-parquet.ts';

/** What segment files need; the Parquet functions run where the caller sends them. */
export interface SegmentFileDeps {
  readonly disk: Disk;
  readonly crc32c: Crc32c;
  /** encodeBaseParquet, in the compute pool. */
  readonly encodeBase: (batchBytes: Uint8Array, schemaJson: string) => Promise<Uint8Array>;
  /** decodeBaseParquet, in the compute pool. */
  readonly decodeBase: (parquetBytes: Uint8Array, schemaJson: string) => Promise<Uint8Array>;
}

const baseParquetName = 'base.parquet';
const baseRowsName = 'base.rows';
const keysName = 'keys.bin';

/** Writes an image's files; durable, names included, when it answers. */
export async function writeSegment(
  deps: SegmentFileDeps,
  folder: string,
  image: SegmentImage,
  schema: CollectionSchema,
): Promise<SegmentFiles> {
  const parquet = await deps.encodeBase(image.base, schemaToNativeJson(schema));
  await makeFolderDurably(deps.disk, folder);
  const baseParquet = await putFile(deps, folder, baseParquetName, [parquet]);
  const rows = baseRowsBuffers(deps.crc32c, image.base, baseParquet.crc32c);
  const baseRows = await putFile(deps, folder, baseRowsName, rows);
  const vectors: VectorFile[] = [];
  for (const { fieldId, bytes } of image.vectors) {
    vectors.push(await writeVectors(deps, folder, schema, fieldId, bytes, image.rowCount));
  }
  const keys = await putFile(deps, folder, keysName, [image.keys]);
  await deps.disk.syncFolder(folder);
  return { baseParquet, baseRows, vectors, keys };
}

async function writeVectors(
  deps: SegmentFileDeps,
  folder: string,
  schema: CollectionSchema,
  fieldId: number,
  rows: Uint8Array,
  rowCount: number,
): Promise<VectorFile> {
  const field = fieldById(schema, fieldId);
  if (field === null || rowCount === 0 || rows.byteLength % rowCount !== 0) {
    const message = `vectors of field ${fieldId}: ${rows.byteLength} bytes for ${rowCount} rows`;
    throw new DbError({ code: 'schema-mismatch', message });
  }
  const { head, tail } = vectorParquetFrame(field, rows.byteLength / rowCount, rowCount);
  const file = await putFile(deps, folder, `vec.${fieldId}.parquet`, [head, rows, tail]);
  return {
    ...file,
    fieldId,
    dataOffsetBytes: vectorDataOffsetBytes,
    dataSizeBytes: rows.byteLength,
  };
}

export interface DeleteImage {
  readonly version: number;
  readonly image: Uint8Array;
  readonly throughTimestamp: Timestamp;
}

/** Writes a delete file. Its name holds its checksum: another try cannot overwrite this one. */
export async function writeDeleteFile(
  deps: SegmentFileDeps,
  folder: string,
  { version, image, throughTimestamp }: DeleteImage,
): Promise<DeleteFile> {
  const name = `del.${version}.${checksumText(deps, image)}.bin`;
  const file = await putFile(deps, folder, name, [image]);
  await deps.disk.syncFolder(folder);
  return { ...file, version, throughTimestamp: String(throughTimestamp) };
}

export interface IndexImage {
  readonly fieldId: number;
  readonly indexId: number;
  readonly indexName: string;
  readonly image: Uint8Array;
}

/** Writes an index file; named like delete files, since two builds need not be equal. */
export async function writeIndexFile(
  deps: SegmentFileDeps,
  folder: string,
  { fieldId, indexId, indexName, image }: IndexImage,
): Promise<SegmentIndexFile> {
  const name = `idx.${fieldId}.${indexId}.${checksumText(deps, image)}.bin`;
  const file = await putFile(deps, folder, name, [image]);
  await deps.disk.syncFolder(folder);
  return { ...file, fieldId, indexId, indexName };
}

function checksumText(deps: SegmentFileDeps, image: Uint8Array): string {
  return deps.crc32c(image, 0).toString(16).padStart(8, '0');
}

/**
 * What native code opens a committed segment from: paths where files have some, else bytes.
 * Throws `corrupt` naming the file that is missing, cut or damaged. Vector files are checked by
 * size here (verifySegment reads them whole); a bad base.rows is made again from base.parquet.
 */
export async function sealedSourceOf(
  deps: SegmentFileDeps,
  meta: SegmentMeta,
  schema: CollectionSchema,
): Promise<SealedSource> {
  const vectors: SealedSource['vectors'][number][] = [];
  for (const file of meta.files.vectors) {
    const { dataOffsetBytes, dataSizeBytes, fieldId } = file;
    const source = await sourceOf(deps, meta.folder, file, dataOffsetBytes, dataSizeBytes);
    vectors.push({ fieldId, source });
  }
  await checksumOf(deps, meta.folder, meta.files.keys);
  const { keys } = meta.files;
  return {
    segmentId: meta.segmentId,
    partitionId: meta.partitionId,
    base: await baseSourceOf(deps, meta, schema),
    vectors,
    keys: await sourceOf(deps, meta.folder, keys, 0, keys.sizeBytes),
    deletes: meta.deletes === null ? null : await readChecked(deps, meta.folder, meta.deletes),
  };
}

async function baseSourceOf(
  deps: SegmentFileDeps,
  meta: SegmentMeta,
  schema: CollectionSchema,
): Promise<NativeSource> {
  const path = `${meta.folder}/${baseRowsName}`;
  const { baseParquet } = meta.files;
  const cached = await readBaseRows(deps, path, baseParquet.crc32c);
  if (cached !== null) return cached;
  const parquet = await readChecked(deps, meta.folder, baseParquet);
  const rows = await deps.decodeBase(parquet, schemaToNativeJson(schema));
  await putFile(
    deps,
    meta.folder,
    baseRowsName,
    baseRowsBuffers(deps.crc32c, rows, baseParquet.crc32c),
  );
  await deps.disk.syncFolder(meta.folder);
  const rebuilt = await readBaseRows(deps, path, baseParquet.crc32c);
  if (rebuilt !== null) return rebuilt;
  throw new DbError({
    code: 'corrupt',
    message: `segment file ${path} does not keep what is written to it`,
  });
}

/** What native code attaches a committed index from. */
export async function indexSourceOf(
  deps: SegmentFileDeps,
  folder: string,
  file: SegmentIndexFile,
): Promise<NativeSource> {
  await checksumOf(deps, folder, file);
  return sourceOf(deps, folder, file, 0, file.sizeBytes);
}

/** Reads every file that the manifest names and checks it whole; for the scrubber. */
export async function verifySegment(deps: SegmentFileDeps, meta: SegmentMeta): Promise<void> {
  const { baseParquet, keys, vectors } = meta.files;
  const deletes = meta.deletes === null ? [] : [meta.deletes];
  const files: readonly SegmentFile[] = [
    baseParquet,
    keys,
    ...vectors,
    ...deletes,
    ...meta.indexes,
  ];
  for (const file of files) await checksumOf(deps, meta.folder, file);
}
