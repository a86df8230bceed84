// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Collections: create, describe, has, show, drop. SDKs ask "is it there" by describing it and
// looking at the error, so that error (100, CollectionNotExists) is the most used of all.

import { DbError } from '../../../core/index.ts';
import { isConsistencyLevel, timestampToMs } from '../../../model/index.ts';
import type { CollectionDescription, CreateCollectionRequest } from '../../../service/index.ts';
import { type ControlRequest, control, type Handler } from '../call.ts';
import type { ProtoObject } from '../wire/message.ts';
import { decodeSchema, encodePairs, encodeSchema } from './schema.ts';

const showInMemory = 1;

export const collectionHandlers: Readonly<Record<string, Handler>> = {
  CreateCollection: control('CreateCollection', async (deps, request) => {
    await deps.database.createCollection(createRequest(request));
    return {};
  }),

  DescribeCollection: control('DescribeCollection', async (deps, request) => {
    const described = await deps.database.describeCollection(
      await byNameOrId(deps.database, request),
    );
    return { ...describeReply(described), request_time: deps.database.allocTimestamp() };
  }),

  HasCollection: control('HasCollection', async (deps, request) => ({
    value: await deps.database.hasCollection(request),
  })),

  ShowCollections: control('ShowCollections', async (deps, request) => {
    const { message } = request;
    const wanted = new Set(message.texts('collection_names'));
    const loadedOnly = message.number('type') === showInMemory;
    const all = await deps.database.listCollections(request.database);
    const shown = all.filter(
      (one) =>
        (wanted.size === 0 || wanted.has(one.schema.name)) &&
        (!loadedOnly || one.loadState !== 'not-loaded'),
    );
    return {
      collection_names: shown.map((one) => one.schema.name),
      collection_ids: shown.map((one) => BigInt(one.collectionId)),
      created_timestamps: shown.map((one) => one.createdTimestamp),
      created_utc_timestamps: shown.map((one) => timestampToMs(one.createdTimestamp)),
      inMemory_percentages: shown.map((one) => one.loadPercent),
      query_service_available: shown.map((one) => one.loadState === 'loaded'),
      shards_num: shown.map((one) => one.shardCount),
    };
  }),

  DropCollection: control('DropCollection', async (deps, request) => {
    await deps.database.dropCollection(request);
    return {};
  }),

  GetCollectionStatistics: control('GetCollectionStatistics', async (deps, request) => ({
    stats: [{ key: 'row_count', value: String(await deps.database.rowCount(request)) }],
  })),
};

function createRequest(request: ControlRequest): CreateCollectionRequest {
  const { message, database, collection } = request;
  const schema = decodeSchema(message.bytes('schema'));
  if (schema.name !== '' && schema.name !== collection) {
    throw new DbError({
      code: 'parameter-invalid',
      message: `collection name ${collection} is not the schema's name ${schema.name}`,
    });
  }
  const level = message.number('consistency_level');
  if (!isConsistencyLevel(level)) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'consistency_level',
      expected: '0 to 4',
      received: level,
    });
  }
  return {
    database,
    collection,
    description: schema.description,
    fields: schema.fields,
    dynamic: schema.dynamic,
    // 0 is what a client sends that leaves the choice to the server.
    shardCount: message.number('shards_num') === 0 ? 1 : message.number('shards_num'),
    consistency: level,
    properties: { ...schema.properties, ...message.pairs('properties') },
  };
}

// pymilvus' iterators ask by id alone.
async function byNameOrId(
  database: { listCollections(name: string): Promise<readonly CollectionDescription[]> },
  request: ControlRequest,
): Promise<{ database: string; collection: string }> {
  const id = request.message.long('collectionID');
  if (request.collection !== '' || id === 0n) return request;
  const all = await database.listCollections(request.database);
  const found = all.find((one) => BigInt(one.collectionId) === id);
  return { database: request.database, collection: found?.schema.name ?? String(id) };
}

/** Everything that SDKs read of a collection. */
function describeReply(described: CollectionDescription): ProtoObject {
  const { schema, collectionId, shardCount } = described;
  const channels = Array.from({ length: shardCount }, (_, shard) => `dipper-dml_${shard}`);
  return {
    schema: { ...encodeSchema(schema, described.properties), dbName: described.database },
    collectionID: collectionId,
    virtual_channel_names: channels.map((channel, shard) => `${channel}_${collectionId}v${shard}`),
    physical_channel_names: channels,
    created_timestamp: described.createdTimestamp,
    created_utc_timestamp: timestampToMs(described.createdTimestamp),
    shards_num: shardCount,
    aliases: [...described.aliases],
    consistency_level: described.consistency,
    collection_name: schema.name,
    properties: encodePairs(described.properties),
    db_name: described.database,
    num_partitions: described.partitions.length,
    db_id: described.databaseId,
    update_timestamp: described.updatedTimestamp,
    update_timestamp_str: String(described.updatedTimestamp),
  };
}
