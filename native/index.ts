// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of the native engine: `native` is the whole face, the types say what goes through it.

export { native } from './engine.ts';
export type {
  AppliedChange,
  FrozenSegment,
  IndexBuild,
  NativeFace,
  NativeHandle,
  NativeSource,
  PrimaryKeys,
  QueryCall,
  QueryRows,
  ScanOptions,
  ScannedPart,
  ScanResult,
  SealedSource,
  SearchCall,
  SearchHits,
  SegmentImage,
  SegmentStats,
} from './face.ts';
