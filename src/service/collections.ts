// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Catalogue use cases: create, drop, describe, list, load, release, count.

import {
  coordinatorAddress,
  defaultDatabase,
  type NewCollection,
  type ShardStats,
  shardWriterAddress,
} from '../../actors/index.ts';
import { DbError } from '../core/index.ts';
import { collectionCountMax, shardCountMax } from '../core/limits.ts';
import { type CollectionMeta, type Durability, isVectorType } from '../model/index.ts';
import type { CollectionDescription, CollectionName, CreateCollectionRequest } from './api.ts';
import type { ServiceDeps } from './deps.ts';
import { newSchema } from './new-schema.ts';

const defaultDatabaseId = 1;

export async function createCollection(
  deps: ServiceDeps,
  request: CreateCollectionRequest,
): Promise<void> {
  checkDatabase(request.database);
  const schema = newSchema(request);
  const shardCount = request.shardCount <= 0 ? 1 : request.shardCount;
  if (shardCount > shardCountMax) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'shards_num',
      expected: `at most ${shardCountMax}`,
      received: shardCount,
    });
  }
  if (deps.mirror.collectionCount() >= collectionCountMax) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'collection',
      expected: `at most ${collectionCountMax} collections`,
      received: 'one more',
    });
  }
  const fresh: NewCollection = {
    database: defaultDatabase,
    schema,
    shardCount,
    consistency: request.consistency,
    durability: durabilityOf(request.properties),
    properties: request.properties,
  };
  await deps.system.ask(coordinatorAddress, { type: 'create-collection', request: fresh });
}

function durabilityOf(properties: Readonly<Record<string, string>>): Durability {
  const text = properties['durability'] ?? 'fsync';
  if (text === 'fsync' || text === 'interval' || text === 'none') return text;
  throw new DbError({
    code: 'parameter-invalid',
    field: 'durability',
    expected: 'fsync, interval or none',
    received: text,
  });
}

/** The only database so far. Throws database-missing. */
export function checkDatabase(database: string): void {
  if (database !== '' && database !== defaultDatabase) {
    throw new DbError({
      code: 'database-missing',
      message: `database not found[database=${database}]`,
    });
  }
}

export function findCollection(deps: ServiceDeps, name: CollectionName): CollectionMeta {
  checkDatabase(name.database);
  return deps.mirror.collection(name.database, name.collection);
}

export async function dropCollection(deps: ServiceDeps, name: CollectionName): Promise<void> {
  checkDatabase(name.database);
  const collection = deps.mirror.find(name.database, name.collection);
  // Dropping what is not there succeeds, as with Milvus.
  if (collection === null) return;
  await deps.system.ask(coordinatorAddress, {
    type: 'drop-collection',
    collectionId: collection.collectionId,
  });
}

export function describe(deps: ServiceDeps, collection: CollectionMeta): CollectionDescription {
  const loaded = deps.mirror.isLoaded(collection);
  return {
    database: collection.database,
    databaseId: defaultDatabaseId,
    collectionId: collection.collectionId,
    schema: collection.schema,
    shardCount: collection.shardIds.length,
    consistency: collection.consistency,
    properties: collection.properties,
    aliases: [],
    createdTimestamp: BigInt(collection.createdTimestamp),
    updatedTimestamp: BigInt(collection.updatedTimestamp),
    partitions: collection.partitions.map((partition) => ({
      id: partition.id,
      name: partition.name,
      createdTimestamp: BigInt(partition.createdTimestamp),
    })),
    loadState: loaded ? 'loaded' : collection.loaded ? 'loading' : 'not-loaded',
    loadPercent: loaded ? 100 : 0,
  };
}

export async function loadCollection(deps: ServiceDeps, name: CollectionName): Promise<void> {
  const collection = findCollection(deps, name);
  const bare = collection.schema.fields.filter(
    (field) =>
      isVectorType(field.type) && !collection.indexes.some((index) => index.fieldId === field.id),
  );
  if (bare.length > 0) {
    const names = bare.map((field) => field.name).join(', ');
    throw new DbError({
      code: 'index-missing',
      message: `index not found[collection=${name.collection}]: there is no vector index on field: [${names}], please create index firstly`,
    });
  }
  await deps.system.ask(coordinatorAddress, {
    type: 'set-loaded',
    collectionId: collection.collectionId,
    loaded: true,
  });
}

export async function releaseCollection(deps: ServiceDeps, name: CollectionName): Promise<void> {
  const collection = findCollection(deps, name);
  await deps.system.ask(coordinatorAddress, {
    type: 'set-loaded',
    collectionId: collection.collectionId,
    loaded: false,
  });
}

export async function shardStats(
  deps: ServiceDeps,
  collection: CollectionMeta,
): Promise<readonly ShardStats[]> {
  return Promise.all(
    collection.shardIds.map(
      (shardId): Promise<ShardStats> =>
        deps.system.ask(shardWriterAddress(shardId), { type: 'stats' }),
    ),
  );
}

export async function rowCount(deps: ServiceDeps, name: CollectionName): Promise<number> {
  const stats = await shardStats(deps, findCollection(deps, name));
  return stats.reduce((sum, shard) => sum + shard.rowCount, 0);
}
