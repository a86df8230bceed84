// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The door of durable storage: the log, the meta log, the data directory and segment files.

export { decodeBaseParquet, encodeBaseParquet } from './base-parquet.ts';
export {
  type Crc32c,
  emptyEnvelopeFields,
  type Envelope,
  type EnvelopeDraft,
  type EnvelopeFields,
  type EnvelopeHeader,
  type EnvelopeKind,
  type EnvelopePosition,
  envelopeHeadRoomBytes,
  envelopeKinds,
} from './envelope.ts';
export { type MetaLogOptions, openMetaLog } from './file-meta-log.ts';
export { type FileWalDeps, type FileWalOptions, openFileWal } from './file-wal.ts';
export { claimDataFormat, dataFolders } from './format.ts';
export type { MetaLog, MetaReducer } from './meta-log.ts';
export {
  type DeleteImage,
  type IndexImage,
  indexSourceOf,
  type SegmentFileDeps,
  sealedSourceOf,
  writeDeleteFile,
  writeIndexFile,
  writeSegment,
} from './segment-files.ts';
export type { AppendOptions, AppendResult, Wal } from './wal.ts';
