// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A Database without an engine, for tests of the doors: collections live in a map, requests with
// rows are recorded, and what search and query answer is set by the test.

import type { PrimaryKeys } from '../../native/index.ts';
import { DbError } from '../../src/core/index.ts';
import {
  type BatchColumn,
  type CollectionSchema,
  type DataType,
  dataTypes,
  type FieldSchema,
  fixedWidthBytes,
  isDataType,
  metaField,
  type RowBatch,
} from '../../src/model/index.ts';
import type {
  CallContext,
  CollectionDescription,
  CollectionName,
  CreateCollectionRequest,
  CreateIndexRequest,
  Database,
  DeleteRequest,
  FieldRequest,
  FlushResult,
  IndexDescription,
  InsertRequest,
  MutationResult,
  QueryRequest,
  QueryResult,
  SearchRequest,
  SearchResult,
} from '../../src/service/index.ts';

type Call =
  | { readonly verb: 'insert'; readonly request: InsertRequest; readonly context: CallContext }
  | { readonly verb: 'delete'; readonly request: DeleteRequest; readonly context: CallContext }
  | { readonly verb: 'search'; readonly request: SearchRequest; readonly context: CallContext }
  | { readonly verb: 'query'; readonly request: QueryRequest; readonly context: CallContext };

interface Stored {
  description: CollectionDescription;
  readonly indexes: IndexDescription[];
}

export class FakeDatabase implements Database {
  readonly calls: Call[] = [];
  readonly #stored = new Map<string, Stored>();
  #clock = 1_700_000_000_000n << 18n;
  #ids = 449_000_000_000_000_000;
  reasons: string[] = [];
  searchAnswer: (request: SearchRequest, schema: CollectionSchema) => SearchResult = () => {
    throw new DbError({ code: 'internal', message: 'no search answer was set' });
  };
  queryAnswer: (request: QueryRequest, schema: CollectionSchema) => QueryResult = () => {
    throw new DbError({ code: 'internal', message: 'no query answer was set' });
  };

  async createCollection(request: CreateCollectionRequest): Promise<void> {
    this.#checkDatabase(request.database);
    if (this.#stored.has(request.collection))
      throw new DbError({
        code: 'collection-exists',
        message: `collection ${request.collection} exists`,
      });
    const timestamp = this.allocTimestamp();
    this.#stored.set(request.collection, {
      indexes: [],
      description: {
        database: 'default',
        databaseId: 1,
        collectionId: this.#nextId(),
        schema: schemaOf(request),
        shardCount: request.shardCount,
        consistency: request.consistency,
        properties: request.properties,
        aliases: [],
        createdTimestamp: timestamp,
        updatedTimestamp: timestamp,
        partitions: [{ id: this.#nextId(), name: '_default', createdTimestamp: timestamp }],
        loadState: 'not-loaded',
        loadPercent: 0,
      },
    });
  }

  async dropCollection(name: CollectionName): Promise<void> {
    this.#stored.delete(name.collection);
  }

  async describeCollection(name: CollectionName): Promise<CollectionDescription> {
    return this.#find(name).description;
  }

  async hasCollection(name: CollectionName): Promise<boolean> {
    return this.#stored.has(name.collection);
  }

  async listCollections(database: string): Promise<readonly CollectionDescription[]> {
    this.#checkDatabase(database);
    return [...this.#stored.values()].map((stored) => stored.description);
  }

  async loadCollection(name: CollectionName): Promise<void> {
    const stored = this.#find(name);
    if (stored.indexes.length === 0) throw new DbError({ code: 'index-missing' });
    stored.description = { ...stored.description, loadState: 'loaded', loadPercent: 100 };
  }

  async releaseCollection(name: CollectionName): Promise<void> {
    const stored = this.#find(name);
    stored.description = { ...stored.description, loadState: 'not-loaded', loadPercent: 0 };
  }

  async rowCount(name: CollectionName): Promise<number> {
    this.#find(name);
    const inserts = this.calls.filter((call) => call.verb === 'insert');
    return inserts.reduce(
      (sum, call) => sum + (call.verb === 'insert' ? call.request.rowCount : 0),
      0,
    );
  }

  async createIndex(request: CreateIndexRequest): Promise<void> {
    this.#find(request).indexes.push({
      indexName: request.indexName === '' ? request.field : request.indexName,
      indexId: this.#nextId(),
      field: request.field,
      params: request.params,
      indexedRowCount: 7,
      totalRowCount: 7,
      pendingRowCount: 0,
      state: 'finished',
      failReason: '',
    });
  }

  async describeIndexes(
    name: CollectionName,
    indexName: string,
    field: string,
  ): Promise<readonly IndexDescription[]> {
    return this.#find(name).indexes.filter(
      (one) =>
        (indexName === '' || one.indexName === indexName) && (field === '' || one.field === field),
    );
  }

  async dropIndex(name: CollectionName, indexName: string, field: string): Promise<void> {
    const { indexes } = this.#find(name);
    const at = indexes.findIndex((one) => one.indexName === indexName || one.field === field);
    if (at >= 0) indexes.splice(at, 1);
  }

  async insert(request: InsertRequest, context: CallContext): Promise<MutationResult> {
    this.#find(request);
    this.calls.push({ verb: 'insert', request, context });
    const values = BigInt64Array.from(
      { length: request.rowCount },
      (_, row) => 2n ** 53n + BigInt(row) + 1n,
    );
    return {
      keys: { kind: 'int64', values },
      rowCount: request.rowCount,
      timestamp: this.allocTimestamp(),
    };
  }

  async delete(request: DeleteRequest, context: CallContext): Promise<MutationResult> {
    this.#find(request);
    this.calls.push({ verb: 'delete', request, context });
    return {
      keys: { kind: 'int64', values: new BigInt64Array(0) },
      rowCount: 3,
      timestamp: this.allocTimestamp(),
    };
  }

  async search(request: SearchRequest, context: CallContext): Promise<SearchResult> {
    const { schema } = this.#loaded(request);
    this.calls.push({ verb: 'search', request, context });
    return this.searchAnswer(request, schema);
  }

  async query(request: QueryRequest, context: CallContext): Promise<QueryResult> {
    const { schema } = this.#loaded(request);
    this.calls.push({ verb: 'query', request, context });
    return this.queryAnswer(request, schema);
  }

  async flush(name: CollectionName): Promise<FlushResult> {
    this.#find(name);
    return { segmentIds: [this.#nextId()], sealTimestamp: this.allocTimestamp() };
  }

  allocTimestamp(): bigint {
    this.#clock += 1n;
    return this.#clock;
  }

  healthReasons(): readonly string[] {
    return this.reasons;
  }

  #find(name: CollectionName): Stored {
    this.#checkDatabase(name.database);
    const stored = this.#stored.get(name.collection);
    if (stored === undefined) throw new DbError({ code: 'collection-missing' });
    return stored;
  }

  #loaded(name: CollectionName): CollectionDescription {
    const { description } = this.#find(name);
    if (description.loadState !== 'loaded') throw new DbError({ code: 'collection-not-loaded' });
    return description;
  }

  #checkDatabase(database: string): void {
    if (database !== '' && database !== 'default') throw new DbError({ code: 'database-missing' });
  }

  #nextId(): number {
    this.#ids += 1024;
    return this.#ids;
  }
}

function schemaOf(request: CreateCollectionRequest): CollectionSchema {
  return {
    name: request.collection,
    description: request.description,
    fields: request.fields.map((field, i) => fieldOf(field, 100 + i)),
    dynamic: request.dynamic,
    version: 0,
    nextFieldId: 100 + request.fields.length,
  };
}

function fieldOf(request: FieldRequest, id: number): FieldSchema {
  if (!isDataType(request.type))
    throw new DbError({ code: 'schema-invalid', message: `type ${request.type}` });
  const { dim, max_length: maxLength, max_capacity: maxCapacity, ...params } = request.params;
  return {
    id,
    name: request.name,
    description: request.description,
    type: request.type,
    elementType: null,
    dim: Number(dim ?? 0),
    maxLength: Number(maxLength ?? 0),
    maxCapacity: Number(maxCapacity ?? 0),
    primaryKey: request.primaryKey,
    autoId: request.autoId,
    nullable: request.nullable,
    partitionKey: request.partitionKey,
    clusteringKey: request.clusteringKey,
    dynamic: false,
    defaultValue: request.defaultValue,
    params,
  };
}

/** A field with everything off that is not given. */
export function testField(
  id: number,
  name: string,
  type: DataType,
  more: Partial<FieldSchema> = {},
): FieldSchema {
  return { ...metaField, dynamic: false, id, name, type, ...more };
}

type CellValue = null | boolean | number | bigint | string | readonly number[] | Uint8Array;

/** A column from JavaScript values; text and bytes go to variable-width types. */
export function testColumn(field: FieldSchema, values: readonly CellValue[]): BatchColumn {
  const width = fixedWidthBytes(field.type, field.dim);
  const cells = values.map((value) => cellBytes(field, value));
  const nullCount = values.filter((value) => value === null).length;
  const validity = nullCount === 0 ? null : new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => {
    if (validity !== null && value !== null)
      validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  });
  const padded = cells.map((cell) =>
    width > 0 && cell.length === 0 ? new Uint8Array(width) : cell,
  );
  const offsets = new Uint32Array(values.length + 1);
  padded.forEach((cell, row) => {
    offsets[row + 1] = (offsets[row] ?? 0) + cell.length;
  });
  return {
    fieldId: field.id,
    type: field.type,
    elementType: null,
    dim: field.dim,
    nullCount,
    validity,
    offsets: width > 0 ? null : offsets,
    data: new Uint8Array(Buffer.concat(padded)),
  };
}

function cellBytes(field: FieldSchema, value: CellValue): Uint8Array {
  if (value === null) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (Array.isArray(value)) return new Uint8Array(Float32Array.from(value).buffer);
  if (typeof value === 'bigint') return new Uint8Array(BigInt64Array.of(value).buffer);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  switch (field.type) {
    case dataTypes.Int8:
      return new Uint8Array(Int8Array.of(Number(value)).buffer);
    case dataTypes.Int16:
      return new Uint8Array(Int16Array.of(Number(value)).buffer);
    case dataTypes.Int32:
      return new Uint8Array(Int32Array.of(Number(value)).buffer);
    case dataTypes.Float:
      return new Uint8Array(Float32Array.of(Number(value)).buffer);
    default:
      return new Uint8Array(Float64Array.of(Number(value)).buffer);
  }
}

export function testBatch(rowCount: number, columns: readonly BatchColumn[]): RowBatch {
  return { rowCount, columns: [...columns].sort((a, b) => a.fieldId - b.fieldId) };
}

export function int64Keys(...values: bigint[]): PrimaryKeys {
  return { kind: 'int64', values: BigInt64Array.from(values) };
}
