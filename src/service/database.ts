// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The use cases put together: what the doors call.

import { shardWriterAddress } from '../../actors/index.ts';
import type { CollectionName, Database, FlushResult } from './api.ts';
import {
  checkDatabase,
  createCollection,
  describe,
  dropCollection,
  findCollection,
  loadCollection,
  releaseCollection,
  rowCount,
} from './collections.ts';
import { deleteRows } from './delete.ts';
import type { ServiceDeps } from './deps.ts';
import { createIndex, describeIndexes, dropIndex } from './indexes.ts';
import { insert } from './insert.ts';
import { query } from './query.ts';
import { search } from './search.ts';

export function createDatabase(deps: ServiceDeps): Database {
  return {
    createCollection: (request) => createCollection(deps, request),
    dropCollection: (name) => dropCollection(deps, name),
    describeCollection: async (name) => describe(deps, findCollection(deps, name)),
    hasCollection: async (name) => {
      checkDatabase(name.database);
      return deps.mirror.find(name.database, name.collection) !== null;
    },
    listCollections: async (database) => {
      checkDatabase(database);
      return deps.mirror.list(database).map((collection) => describe(deps, collection));
    },
    loadCollection: (name) => loadCollection(deps, name),
    releaseCollection: (name) => releaseCollection(deps, name),
    rowCount: (name) => rowCount(deps, name),
    createIndex: (request) => createIndex(deps, request),
    describeIndexes: (name, indexName, field) => describeIndexes(deps, name, indexName, field),
    dropIndex: (name, indexName, field) => dropIndex(deps, name, indexName, field),
    insert: (request) => insert(deps, request),
    delete: (request) => deleteRows(deps, request),
    search: (request, context) => search(deps, request, context),
    query: (request, context) => query(deps, request, context),
    flush: (name) => flush(deps, name),
    allocTimestamp: () => deps.native.clockNext(deps.hybridClock, deps.clock.nowMs()),
    healthReasons: () => deps.mirror.healthReasons(),
  };
}

async function flush(deps: ServiceDeps, name: CollectionName): Promise<FlushResult> {
  const collection = findCollection(deps, name);
  const sealTimestamp = deps.native.clockNext(deps.hybridClock, deps.clock.nowMs());
  const sealed = await Promise.all(
    collection.shardIds.map(
      (shardId): Promise<readonly number[]> =>
        deps.system.ask(shardWriterAddress(shardId), { type: 'flush' }),
    ),
  );
  return { segmentIds: sealed.flat(), sealTimestamp };
}
