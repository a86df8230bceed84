// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The native face: every function that C++ offers, flat, with the same names and field order on
// both sides (native/bridge). Absent is null, never undefined. Nothing here fills a default.
//
// Handles are numbers, never reused in a process, valid in every thread. A handle belongs to the
// owner epoch that it was created under; releaseOwner(epoch) frees what is left of a dead owner.
// Memory goes when the last pinned reader leaves.
//
// Threads: shard functions that change state (stampShard, applyBody, freezeGrowing, ...) are
// called by the shard's one writer; pinView, search and query from any thread. Functions that
// return a promise work on the native pool; the ...Now twins do the same work on the calling
// thread (simulation, benches).
//
// Errors: thrown (or rejected) with code, field, expected, received; native/index.ts turns them
// into DbError.

/** Where immutable bytes come from: a file to map, or bytes that a simulated disk supplies (copied). */
export type NativeSource =
  | { readonly path: string; readonly offsetBytes: number; readonly sizeBytes: number }
  | { readonly bytes: Uint8Array };

export type NativeHandle = number;

export interface ScanOptions {
  /** Partition of every row; several when a partition key spreads them (then hash(key) % length). */
  readonly partitionIds: Float64Array;
  readonly shardCount: number;
  /** First id of a reserved block as long as the request's rows; used when the key is autoID. */
  readonly firstAutoId: bigint;
  /** Free bytes in front of each body for the envelope header; a multiple of 64. */
  readonly headRoomBytes: number;
}

export interface ScannedPart {
  readonly shardIndex: number;
  readonly rowCount: number;
  /** Head room and log body, in the buffer that `allocate` gave. */
  readonly buffer: Uint8Array;
}

/** Primary keys in request (or hit) order. */
export type PrimaryKeys =
  | { readonly kind: 'int64'; readonly values: BigInt64Array }
  | { readonly kind: 'varchar'; readonly offsets: Uint32Array; readonly bytes: Uint8Array };

export interface ScanResult {
  readonly rowCount: number;
  readonly parts: readonly ScannedPart[];
  readonly keys: PrimaryKeys;
}

/** What one body changed, for the applied stream. */
export interface AppliedChange {
  /** Triples (segment id, first row, row count). */
  readonly inserted: Float64Array;
  /** Triples (segment id, row, kind: 1 delete, 2 shadow). */
  readonly hidden: Float64Array;
}

export interface FrozenSegment {
  readonly segment: NativeHandle;
  readonly segmentId: number;
  readonly partitionId: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly minTimestamp: bigint;
  readonly maxTimestamp: bigint;
}

/** A frozen segment in its sealed form: rows sorted by primary key, still in memory. */
export interface SegmentImage {
  /** RowBatch: timestamp (field 1), key, scalars, $meta; vectors are not in it. */
  readonly base: Uint8Array;
  /** Raw rows of each vector field, row after row, same order; external memory. */
  readonly vectors: readonly { readonly fieldId: number; readonly bytes: Uint8Array }[];
  /** Sorted (hash, row) key blob. */
  readonly keys: Uint8Array;
  /** Delete image of the sorted rows through the asked timestamp; null when nothing is hidden yet. */
  readonly deletes: Uint8Array | null;
  readonly rowCount: number;
}

export interface SealedSource {
  readonly segmentId: number;
  readonly partitionId: number;
  readonly base: NativeSource;
  /** Source of the raw rows (inside vec.<field>.parquet). */
  readonly vectors: readonly { readonly fieldId: number; readonly source: NativeSource }[];
  readonly keys: NativeSource;
  /** A delete image as deleteImage() gave it, or null. */
  readonly deletes: Uint8Array | null;
}

export interface IndexBuild {
  readonly fieldId: number;
  /** 'HNSW' | 'AUTOINDEX'; FLAT has no file. */
  readonly indexType: string;
  readonly metric: number;
  readonly m: number;
  readonly efConstruction: number;
  readonly threadCount: number;
}

export interface SearchCall {
  /** Pins from pinView, one a shard; consumed by the call. */
  readonly pins: Float64Array;
  readonly program: Uint8Array | null;
  /** Partition ids searched; null = all. */
  readonly partitionIds: Float64Array | null;
  readonly fieldId: number;
  /** 1 L2, 2 IP, 3 COSINE. */
  readonly metric: number;
  readonly queryCount: number;
  /** queryCount rows of the field's type, packed. */
  readonly queries: Uint8Array;
  /** Hits wanted a query (offset + limit; the caller drops the offset). */
  readonly k: number;
  /** 0 = the index's default. */
  readonly ef: number;
  readonly ignoreGrowing: boolean;
  readonly outputFieldIds: Uint32Array;
  /** From createCancel, or 0. */
  readonly cancel: NativeHandle;
}

export interface SearchHits {
  /** Hits of each query. */
  readonly counts: Uint32Array;
  /** Client-visible scores, query after query, best first; ties by smaller key. */
  readonly scores: Float32Array;
  readonly keys: PrimaryKeys;
  /** RowBatch of the output fields in hit order; null when none were asked for. */
  readonly rows: Uint8Array | null;
}

export interface QueryCall {
  readonly pins: Float64Array;
  readonly program: Uint8Array | null;
  readonly partitionIds: Float64Array | null;
  /** Rows skipped, then rows returned; limit 0 = no limit. */
  readonly offset: number;
  readonly limit: number;
  readonly orderByKey: boolean;
  readonly ignoreGrowing: boolean;
  readonly outputFieldIds: Uint32Array;
  /** Only count: rows is then null. Shadowed rows count, deleted ones do not (Milvus's count(*)). */
  readonly countOnly: boolean;
  /** A larger answer is refused with result-too-large. */
  readonly resultBytesMax: number;
  readonly cancel: NativeHandle;
}

export interface QueryRows {
  readonly rowCount: number;
  readonly rows: Uint8Array | null;
}

export interface SegmentStats {
  readonly segmentId: number;
  readonly partitionId: number;
  readonly state: 'growing' | 'frozen' | 'sealed';
  readonly rowCount: number;
  readonly deletedCount: number;
  readonly sizeBytes: number;
  readonly indexedFieldIds: Uint32Array;
}

export interface NativeFace {
  // process
  simdLevel(): string;
  crc32c(bytes: Uint8Array, seed: number): number;
  /** Triples (used, budget, peak) by class: growing, sealed, index, scratch, import, cache, inflight. */
  memoryUse(): Float64Array;
  setMemoryBudget(kind: number, budgetBytes: number): void;
  reserveMemory(kind: number, sizeBytes: number): boolean;
  releaseMemory(kind: number, sizeBytes: number): void;
  /** flock on a file that holds its owner's text; heldBy is the other owner's text when refused. */
  lockFile(
    path: string,
    owner: string,
  ): { readonly lock: NativeHandle | null; readonly heldBy: string | null };
  unlockFile(lock: NativeHandle): void;
  /** Gives freed memory back to the system, on a pool thread. */
  trimMemory(): void;
  /**
   * Threads of the native pool that answer; 0 = one for each core that this process may use. Half as
   * many more build, at low priority. Once.
   */
  startPool(threadCount: number): void;
  releaseOwner(ownerEpoch: number): void;
  createCancel(): NativeHandle;
  raiseCancel(cancel: NativeHandle): void;
  releaseCancel(cancel: NativeHandle): void;

  // hybrid clock (ms << 18 | logical), strictly increasing for all callers of one clock
  createClock(ownerEpoch: number): NativeHandle;
  clockNext(clock: NativeHandle, physicalMs: number): bigint;
  /** Later stamps will be greater than this one. */
  clockObserve(clock: NativeHandle, timestamp: bigint): void;
  clockLast(clock: NativeHandle): bigint;

  // schema and ingest
  compileSchema(json: string, ownerEpoch: number): NativeHandle;
  /** request: a serialized milvus InsertRequest. allocate is called once a part. */
  scanInsert(
    schema: NativeHandle,
    request: Uint8Array,
    options: ScanOptions,
    allocate: (sizeBytes: number) => Uint8Array,
  ): ScanResult;
  /** The same checks for rows that came as a RowBatch (REST, library); columns may be missing. */
  scanBatch(
    schema: NativeHandle,
    batch: Uint8Array,
    options: ScanOptions,
    allocate: (sizeBytes: number) => Uint8Array,
  ): ScanResult;
  /** Shard index of each key, by the hash that scanInsert uses. */
  shardsOfKeys(keys: PrimaryKeys, shardCount: number): Uint32Array;

  // shard: writer's side
  createShard(schema: NativeHandle, ownerEpoch: number): NativeHandle;
  /** Stamps an envelope: a lower bound is published first, so no reader can slip past the stamp. */
  stampShard(shard: NativeHandle, clock: NativeHandle, physicalMs: number): bigint;
  /** All stamps below this one are applied; 0 = nothing is staged any more. */
  setUnapplied(shard: NativeHandle, firstUnapplied: bigint): void;
  openGrowing(shard: NativeHandle, partitionId: number, segmentId: number): NativeHandle;
  /** Applies a log body at its stamp: deletes first, then inserts, shadows resolved. */
  applyBody(shard: NativeHandle, body: Uint8Array, timestamp: bigint): AppliedChange;
  /** Closes all growing segments that hold rows; later rows need openGrowing again. */
  freezeGrowing(shard: NativeHandle): FrozenSegment[];
  /** throughTimestamp bounds the delete image only: the flush's checkpoint; later deletes are replayed or carried. */
  sealImage(segment: NativeHandle, throughTimestamp: bigint): Promise<SegmentImage>;
  sealImageNow(segment: NativeHandle, throughTimestamp: bigint): SegmentImage;
  openSealed(schema: NativeHandle, source: SealedSource, ownerEpoch: number): NativeHandle;
  /** Recovery: the segment joins key look-ups before the log is replayed. */
  addSealed(shard: NativeHandle, segment: NativeHandle): void;
  /** Flush commit: every delete the frozen form ever got is carried over (sealed came with none), look-ups move. */
  replaceFrozen(shard: NativeHandle, frozen: NativeHandle, sealed: NativeHandle): void;
  removeSegment(shard: NativeHandle, segment: NativeHandle): void;
  /** Delete file with all entries up to a stamp; null when it would equal the last one made. */
  deleteImage(segment: NativeHandle, throughTimestamp: bigint): Uint8Array | null;
  segmentStats(segment: NativeHandle): SegmentStats;
  releaseSegment(segment: NativeHandle): void;
  buildIndex(segment: NativeHandle, build: IndexBuild, cancel: NativeHandle): Promise<Uint8Array>;
  buildIndexNow(segment: NativeHandle, build: IndexBuild, cancel: NativeHandle): Uint8Array;
  /** Frees an image's memory at once instead of when it is collected; the array is empty afterwards. */
  releaseBytes(bytes: Uint8Array): void;
  attachIndex(segment: NativeHandle, fieldId: number, source: NativeSource): void;
  detachIndex(segment: NativeHandle, fieldId: number): void;

  // views
  publishView(shard: NativeHandle, segments: Float64Array): void;
  /** Pins answer -1 from now on (released collection, dropped shard). */
  unpublishView(shard: NativeHandle): void;
  /** A pin (> 0), 0 when the shard's safe time is below the timestamp, -1 when no view is published. */
  pinView(shard: NativeHandle, timestamp: bigint): number;
  /** A pin at the shard's safe time, which covers every acknowledged write; -1 when no view is published. */
  pinLatest(shard: NativeHandle, clock: NativeHandle, physicalMs: number): number;
  unpinView(pin: number): void;

  // reads
  search(call: SearchCall): Promise<SearchHits>;
  searchNow(call: SearchCall): SearchHits;
  query(call: QueryCall): Promise<QueryRows>;
  queryNow(call: QueryCall): QueryRows;
  /** Tests and the oracle: evaluates a program over a RowBatch; two bytes a row (truth, known). */
  evaluateFilter(schema: NativeHandle, program: Uint8Array, batch: Uint8Array): Uint8Array;
}
