// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Index use cases. Creating one records it; the shards build it in the background, segment after
// segment, and rows are searched meanwhile by scanning.

import { coordinatorAddress } from '../../actors/index.ts';
import { needsIndexFile } from '../../pipelines/index.ts';
import { DbError } from '../core/index.ts';
import { resolveIndex } from '../indexes/index.ts';
import {
  type CollectionMeta,
  fieldByName,
  type FieldSchema,
  type IndexMeta,
} from '../model/index.ts';
import type { CollectionName, CreateIndexRequest, IndexDescription } from './api.ts';
import { findCollection, shardStats } from './collections.ts';
import type { ServiceDeps } from './deps.ts';
import { checkName } from './new-schema.ts';

export async function createIndex(deps: ServiceDeps, request: CreateIndexRequest): Promise<void> {
  const collection = findCollection(deps, request);
  const field = fieldByName(collection.schema, request.field);
  if (field === null) {
    throw new DbError({
      code: 'field-unknown',
      field: request.field,
      message: `cannot create index on non-exist field: ${request.field}`,
    });
  }
  const indexName = request.indexName === '' ? field.name : request.indexName;
  checkName('index name', indexName);
  const index = resolveIndex(field, indexName, request.params);
  await deps.system.ask(coordinatorAddress, {
    type: 'create-index',
    collectionId: collection.collectionId,
    index,
  });
}

export async function describeIndexes(
  deps: ServiceDeps,
  name: CollectionName,
  indexName: string,
  field: string,
): Promise<readonly IndexDescription[]> {
  const collection = findCollection(deps, name);
  const wanted = select(collection, indexName, field);
  if (wanted.length === 0) throw notFound(name, indexName, field);
  const stats = await shardStats(deps, collection);
  const segments = stats.flatMap((shard) => shard.sealed);
  const totalRowCount = segments.reduce((sum, segment) => sum + segment.rowCount, 0);
  return wanted.map((index) => {
    const pending = segments
      .filter(
        (segment) => !segment.indexIds.includes(index.indexId) && needsIndexFile(segment, index),
      )
      .reduce((sum, segment) => sum + segment.rowCount, 0);
    const failure = segments
      .flatMap((segment) => segment.failures)
      .find((candidate) => candidate.indexId === index.indexId);
    return {
      indexName: index.indexName,
      indexId: index.indexId,
      field: fieldName(collection, index),
      params: index.params,
      indexedRowCount: totalRowCount - pending,
      totalRowCount,
      pendingRowCount: pending,
      state: pending === 0 ? 'finished' : failure === undefined ? 'in-progress' : 'failed',
      failReason: failure?.reason ?? '',
    };
  });
}

export async function dropIndex(
  deps: ServiceDeps,
  name: CollectionName,
  indexName: string,
  field: string,
): Promise<void> {
  const collection = findCollection(deps, name);
  const wanted = select(collection, indexName, field);
  // Dropping what is not there succeeds, as with Milvus.
  if (wanted.length === 0) return;
  const indexIds = wanted.map((index) => index.indexId);
  await deps.system.ask(coordinatorAddress, {
    type: 'drop-index',
    collectionId: collection.collectionId,
    indexIds,
  });
}

/** By index name, else by field; both empty means all. SDKs also pass a field's name as index name. */
function select(
  collection: CollectionMeta,
  indexName: string,
  field: string,
): readonly IndexMeta[] {
  if (indexName !== '') {
    const byName = collection.indexes.filter((index) => index.indexName === indexName);
    if (byName.length > 0) return byName;
    return collection.indexes.filter((index) => fieldName(collection, index) === indexName);
  }
  return collection.indexes.filter(
    (index) => field === '' || fieldName(collection, index) === field,
  );
}

function fieldName(collection: CollectionMeta, index: IndexMeta): string {
  const field: FieldSchema | undefined = collection.schema.fields.find(
    (candidate) => candidate.id === index.fieldId,
  );
  return field?.name ?? '';
}

function notFound(name: CollectionName, indexName: string, field: string): DbError {
  const what =
    indexName !== '' ? `[indexName=${indexName}]` : field !== '' ? `[field=${field}]` : '';
  return new DbError({
    code: 'index-missing',
    message: `index not found${what}[collection=${name.collection}]`,
  });
}
