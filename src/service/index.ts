// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of the use cases.

export type {
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
  InsertRows,
  LoadState,
  MutationResult,
  OutputRows,
  QueryRequest,
  QueryResult,
  ReadConsistency,
  SearchRequest,
  SearchResult,
  TemplateValue,
} from './api.ts';
export { createDatabase } from './database.ts';
export type { ServiceDeps } from './deps.ts';
export { IdBlocks } from './id-blocks.ts';
