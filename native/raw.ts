// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The addon as C++ exports it (native/bridge/functions.h): as face.ts, but objects are taken
// apart into positions, because reading an object's members costs more on that side.

import type {
  NativeFace,
  NativeHandle,
  QueryRows,
  ScanResult,
  SearchHits,
  SegmentImage,
} from './face.ts';

/** Functions that C++ offers exactly as the face has them. */
type Plain = Omit<
  NativeFace,
  | 'scanInsert'
  | 'scanBatch'
  | 'buildIndex'
  | 'buildIndexNow'
  | 'search'
  | 'searchNow'
  | 'query'
  | 'queryNow'
  | 'sealImage'
>;

type RawScan = (
  schema: NativeHandle,
  bytes: Uint8Array,
  partitionIds: Float64Array,
  shardCount: number,
  firstAutoId: bigint,
  headRoomBytes: number,
  allocate: (sizeBytes: number) => Uint8Array,
) => ScanResult;

type BuildArguments = readonly [
  segment: NativeHandle,
  fieldId: number,
  indexType: string,
  metric: number,
  m: number,
  efConstruction: number,
  threadCount: number,
  cancel: NativeHandle,
];

type SearchArguments = readonly [
  pins: Float64Array,
  program: Uint8Array | null,
  partitionIds: Float64Array | null,
  fieldId: number,
  metric: number,
  queryCount: number,
  queries: Uint8Array,
  k: number,
  ef: number,
  ignoreGrowing: boolean,
  outputFieldIds: Uint32Array,
  cancel: NativeHandle,
];

type QueryArguments = readonly [
  pins: Float64Array,
  program: Uint8Array | null,
  partitionIds: Float64Array | null,
  offset: number,
  limit: number,
  orderByKey: boolean,
  ignoreGrowing: boolean,
  outputFieldIds: Uint32Array,
  countOnly: boolean,
  resultBytesMax: number,
  cancel: NativeHandle,
];

export interface RawNative extends Plain {
  scanInsert: RawScan;
  scanBatch: RawScan;
  sealImage(segment: NativeHandle, throughTimestamp: bigint): Promise<SegmentImage>;
  buildIndex(...call: BuildArguments): Promise<Uint8Array>;
  buildIndexNow(...call: BuildArguments): Uint8Array;
  search(...call: SearchArguments): Promise<SearchHits>;
  searchNow(...call: SearchArguments): SearchHits;
  query(...call: QueryArguments): Promise<QueryRows>;
  queryNow(...call: QueryArguments): QueryRows;
}
