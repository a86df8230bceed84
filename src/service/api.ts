// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The use cases as the doors see them: one interface, protocol-free values in and out, every
// failure a DbError. gRPC, REST and the library decode into these and encode from these; none of
// them knows the engine behind. Database names: empty means the default database.

import type { PrimaryKeys } from '../../native/index.ts';
import type {
  CollectionSchema,
  ConsistencyLevel,
  DataType,
  DefaultValue,
  RowBatch,
  Timestamp,
} from '../model/index.ts';

export interface CollectionName {
  readonly database: string;
  readonly collection: string;
}

/** A field as a user asks for it; ids are given by the engine. */
export interface FieldRequest {
  readonly name: string;
  readonly description: string;
  /** Milvus's number; unknown or unsupported ones are refused by the service. */
  readonly type: number;
  readonly elementType: number | null;
  readonly primaryKey: boolean;
  readonly autoId: boolean;
  readonly nullable: boolean;
  readonly partitionKey: boolean;
  readonly clusteringKey: boolean;
  readonly defaultValue: DefaultValue | null;
  /** type_params as they came: dim, max_length, max_capacity, mmap.enabled, ... */
  readonly params: Readonly<Record<string, string>>;
}

export interface CreateCollectionRequest extends CollectionName {
  readonly description: string;
  readonly fields: readonly FieldRequest[];
  readonly dynamic: boolean;
  readonly shardCount: number;
  readonly consistency: ConsistencyLevel;
  readonly properties: Readonly<Record<string, string>>;
}

export type LoadState = 'not-loaded' | 'loading' | 'loaded';

export interface CollectionDescription {
  readonly database: string;
  readonly databaseId: number;
  readonly collectionId: number;
  readonly schema: CollectionSchema;
  readonly shardCount: number;
  readonly consistency: ConsistencyLevel;
  readonly properties: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
  readonly createdTimestamp: Timestamp;
  readonly updatedTimestamp: Timestamp;
  readonly partitions: readonly {
    readonly id: number;
    readonly name: string;
    readonly createdTimestamp: Timestamp;
  }[];
  readonly loadState: LoadState;
  /** 0..100 */
  readonly loadPercent: number;
}

export interface CreateIndexRequest extends CollectionName {
  readonly field: string;
  /** Empty = named after the field. */
  readonly indexName: string;
  /** index_type, metric_type and the build parameters, flat; text as it came. */
  readonly params: Readonly<Record<string, string>>;
}

export interface IndexDescription {
  readonly indexName: string;
  readonly indexId: number;
  readonly field: string;
  readonly params: Readonly<Record<string, string>>;
  readonly indexedRowCount: number;
  readonly totalRowCount: number;
  readonly pendingRowCount: number;
  readonly state: 'finished' | 'in-progress' | 'failed';
  readonly failReason: string;
}

/** How fresh a read must be; already resolved from the wire's several ways to say it. */
export interface ReadConsistency {
  /** null = the collection's own level. */
  readonly level: ConsistencyLevel | null;
  /** A timestamp that the caller has seen; used by Session and Customized. 0n = none. */
  readonly guarantee: Timestamp;
}

export type TemplateValue = boolean | bigint | number | string | readonly TemplateValue[];

/** Rows of an insert, as protobuf bytes (scanned natively) or as a batch keyed by field id. */
export type InsertRows =
  | { readonly kind: 'protobuf'; readonly request: Uint8Array }
  | { readonly kind: 'batch'; readonly batch: RowBatch };

export interface InsertRequest extends CollectionName {
  /** Empty = the default partition. */
  readonly partition: string;
  readonly rowCount: number;
  /** update_timestamp that the client saw; 0n = do not check. */
  readonly schemaTimestamp: Timestamp;
  readonly rows: InsertRows;
}

export interface DeleteRequest extends CollectionName {
  readonly partition: string;
  readonly filter: string;
  readonly templates: ReadonlyMap<string, TemplateValue>;
  readonly consistency: ReadConsistency;
}

export interface MutationResult {
  readonly keys: PrimaryKeys;
  readonly rowCount: number;
  readonly timestamp: Timestamp;
}

export interface SearchRequest extends CollectionName {
  readonly partitions: readonly string[];
  readonly filter: string;
  readonly templates: ReadonlyMap<string, TemplateValue>;
  /** Vector field; empty = the only one. */
  readonly field: string;
  /** Packed query vectors of this type; dim is checked against the field by the service. */
  readonly queryType: DataType;
  readonly queries: readonly Uint8Array[];
  readonly limit: number;
  readonly offset: number;
  /** Must match the index when given; empty = the index's. */
  readonly metric: string;
  /** Search parameters (ef, radius, ...), numbers or text as they came. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Names as asked: fields, dynamic keys, '*'. */
  readonly outputFields: readonly string[];
  readonly consistency: ReadConsistency;
  /** -1 = as they are, else 0..6 decimals. */
  readonly roundDecimal: number;
  readonly ignoreGrowing: boolean;
}

/** Output columns of a read, in the order of names asked for. */
export interface OutputRows {
  readonly rows: RowBatch;
  /** What output_fields echoes: names as the user gave them, '*' expanded. */
  readonly names: readonly string[];
  /** Dynamic keys asked for; null = all of $meta (when its column is in rows). */
  readonly dynamicKeys: readonly string[] | null;
}

export interface SearchResult {
  readonly schema: CollectionSchema;
  readonly counts: Uint32Array;
  readonly scores: Float32Array;
  readonly keys: PrimaryKeys;
  readonly output: OutputRows;
}

export interface QueryRequest extends CollectionName {
  readonly partitions: readonly string[];
  readonly filter: string;
  readonly templates: ReadonlyMap<string, TemplateValue>;
  /** Get by keys instead of a filter; null = use the filter. */
  readonly keys: PrimaryKeys | null;
  readonly outputFields: readonly string[];
  /** 0 = no limit. */
  readonly limit: number;
  readonly offset: number;
  /** Rows ordered by primary key (iterators). */
  readonly orderByKey: boolean;
  readonly consistency: ReadConsistency;
  readonly ignoreGrowing: boolean;
}

export type QueryResult =
  | { readonly kind: 'count'; readonly schema: CollectionSchema; readonly count: number }
  | { readonly kind: 'rows'; readonly schema: CollectionSchema; readonly output: OutputRows };

export interface FlushResult {
  readonly segmentIds: readonly number[];
  readonly sealTimestamp: Timestamp;
}

/** Deadline and cancellation of one call. */
export interface CallContext {
  /** 0 = none, or the caller's door watches it. */
  readonly timeoutMs: number;
  /** Calls back once when the caller gave up; the returned function ends the interest. */
  onAbort(listener: () => void): () => void;
}

export interface Database {
  createCollection(request: CreateCollectionRequest): Promise<void>;
  dropCollection(name: CollectionName): Promise<void>;
  /** Throws collection-missing. */
  describeCollection(name: CollectionName): Promise<CollectionDescription>;
  hasCollection(name: CollectionName): Promise<boolean>;
  listCollections(database: string): Promise<readonly CollectionDescription[]>;
  loadCollection(name: CollectionName): Promise<void>;
  releaseCollection(name: CollectionName): Promise<void>;
  /** Physical rows: growing and sealed, deletes not subtracted. */
  rowCount(name: CollectionName): Promise<number>;
  createIndex(request: CreateIndexRequest): Promise<void>;
  /** All indexes, or those of a name or field; throws index-missing when none fits a given name. */
  describeIndexes(
    name: CollectionName,
    indexName: string,
    field: string,
  ): Promise<readonly IndexDescription[]>;
  dropIndex(name: CollectionName, indexName: string, field: string): Promise<void>;
  insert(request: InsertRequest, context: CallContext): Promise<MutationResult>;
  delete(request: DeleteRequest, context: CallContext): Promise<MutationResult>;
  search(request: SearchRequest, context: CallContext): Promise<SearchResult>;
  query(request: QueryRequest, context: CallContext): Promise<QueryResult>;
  /** Starts sealing what is in memory; answers when everything before the call is in files. */
  flush(name: CollectionName): Promise<FlushResult>;
  allocTimestamp(): Timestamp;
  /** Reasons why the server is not healthy; empty = healthy. */
  healthReasons(): readonly string[];
}
