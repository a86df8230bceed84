// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The door of durable storage: the log, the meta log, the data directory and segment files.

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
  frameAlignmentBytes,
  jsonEnvelopeBuffer,
} from './envelope.ts';
export { type FileWalDeps, type FileWalOptions, openFileWal } from './file-wal.ts';
export type { AppendOptions, AppendResult, Wal } from './wal.ts';
