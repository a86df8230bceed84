// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Insert: resolve, reserve ids, validate natively into one log body a shard, stage each at its
// shard's writer. Answered when every part is durable and applied. Parts of one shard are atomic;
// a request over several shards is not, and says so in docs.

import { type Staged, shardWriterAddress } from '../../actors/index.ts';
import type { ScanResult } from '../../native/index.ts';
import { at, DbError } from '../core/index.ts';
import { type CollectionMeta, encodeRowBatch, type Timestamp } from '../model/index.ts';
import { envelopeHeadRoomBytes } from '../storage/index.ts';
import type { InsertRequest, MutationResult } from './api.ts';
import { findCollection } from './collections.ts';
import type { ServiceDeps } from './deps.ts';
import { partitionIdsOf } from './partitions.ts';

export async function insert(deps: ServiceDeps, request: InsertRequest): Promise<MutationResult> {
  const collection = findCollection(deps, request);
  checkSchemaTimestamp(collection, request.schemaTimestamp);
  if (request.rowCount <= 0) {
    throw new DbError({
      code: 'row-count',
      field: 'num_rows',
      expected: 'at least 1 row',
      received: request.rowCount,
    });
  }
  const key = collection.schema.fields.find((field) => field.primaryKey);
  const firstAutoId = key?.autoId === true ? await deps.ids.take(request.rowCount) : 0n;
  const scanned = scan(deps, collection, request, firstAutoId);
  const answers = await settleAll(
    scanned.parts.map(
      ({ shardIndex, buffer, rowCount }): Promise<Staged> =>
        deps.system.ask(shardWriterAddress(at(collection.shardIds, shardIndex)), {
          type: 'stage',
          buffer,
          rowCount,
        }),
    ),
  );
  return { keys: scanned.keys, rowCount: scanned.rowCount, timestamp: latest(answers) };
}

function scan(
  deps: ServiceDeps,
  collection: CollectionMeta,
  request: InsertRequest,
  firstAutoId: bigint,
): ScanResult {
  const schema = deps.mirror.nativeSchema(collection);
  const [partitionId] =
    partitionIdsOf(collection, [request.partition === '' ? '_default' : request.partition]) ?? [];
  const options = {
    partitionIds: Float64Array.of(partitionId ?? 0),
    shardCount: collection.shardIds.length,
    firstAutoId,
    headRoomBytes: envelopeHeadRoomBytes,
  };
  const allocate = (sizeBytes: number): Uint8Array =>
    new Uint8Array(new SharedArrayBuffer(sizeBytes));
  const { rows } = request;
  if (rows.kind === 'protobuf')
    return deps.native.scanInsert(schema, rows.request, options, allocate);
  return deps.native.scanBatch(schema, encodeRowBatch(rows.batch), options, allocate);
}

function checkSchemaTimestamp(collection: CollectionMeta, seen: Timestamp): void {
  if (seen === 0n || String(seen) === collection.updatedTimestamp) return;
  throw new DbError({
    code: 'schema-mismatch',
    field: 'schema_timestamp',
    expected: collection.updatedTimestamp,
    received: String(seen),
    message: `collection schema mismatch[collection=${collection.schema.name}]: the client saw ${seen}, now it is ${collection.updatedTimestamp}`,
  });
}

/** Waits for every part, so that a failed request has no part on its way any more; then the first error. */
export async function settleAll<T>(parts: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

export function latest(answers: readonly Staged[]): Timestamp {
  return answers.reduce((max, answer) => (answer.timestamp > max ? answer.timestamp : max), 0n);
}
