// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Delete: keys named by the filter go straight to their shards' logs; any other filter is resolved
// to keys by each shard's writer, behind everything staged before.

import { type Staged, shardWriterAddress } from '../../actors/index.ts';
import type { PrimaryKeys } from '../../native/index.ts';
import { at, DbError } from '../core/index.ts';
import {
  type BatchColumn,
  type CollectionMeta,
  encodeLogBody,
  primaryKeyOf,
  type RowBatch,
  sectionKinds,
} from '../model/index.ts';
import { envelopeHeadRoomBytes } from '../storage/index.ts';
import type { DeleteRequest, MutationResult } from './api.ts';
import { findCollection } from './collections.ts';
import type { ServiceDeps } from './deps.ts';
import { latest, settleAll } from './insert.ts';
import { partitionIdsOf } from './partitions.ts';
import { checkLoaded, filterOf } from './reads.ts';

export async function deleteRows(
  deps: ServiceDeps,
  request: DeleteRequest,
): Promise<MutationResult> {
  const collection = findCollection(deps, request);
  const filter = filterOf(collection.schema, request.filter, request.templates);
  if (filter === null) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'expr',
      message: 'delete needs a filter: the expression is empty',
    });
  }
  const partitions = partitionIdsOf(
    collection,
    request.partition === '' ? [] : [request.partition],
  );
  if (filter.primaryKeys !== null) return deleteKeys(deps, collection, filter.primaryKeys);
  checkLoaded(deps.mirror, collection);
  const answers = await settleAll(
    collection.shardIds.map(
      (shardId): Promise<Staged> =>
        deps.system.ask(shardWriterAddress(shardId), {
          type: 'delete-where',
          program: filter.program,
          partitionIds: partitions,
        }),
    ),
  );
  const rowCount = answers.reduce((sum, answer) => sum + answer.rowCount, 0);
  return {
    keys: { kind: 'int64', values: new BigInt64Array() },
    rowCount,
    timestamp: latest(answers),
  };
}

async function deleteKeys(
  deps: ServiceDeps,
  collection: CollectionMeta,
  keys: PrimaryKeys,
): Promise<MutationResult> {
  const shards = deps.native.shardsOfKeys(keys, collection.shardIds.length);
  const answers: Promise<Staged>[] = [];
  collection.shardIds.forEach((shardId, shardIndex) => {
    const rows = [...shards.keys()].filter((row) => shards[row] === shardIndex);
    if (rows.length === 0) return;
    const section = {
      kind: sectionKinds.delete,
      partitionId: 0,
      batch: keyBatch(collection, keys, rows),
    };
    answers.push(
      deps.system.ask(shardWriterAddress(shardId), {
        type: 'stage',
        buffer: encodeLogBody([section], envelopeHeadRoomBytes),
        rowCount: rows.length,
      }),
    );
  });
  const staged = await settleAll(answers);
  const timestamp =
    staged.length === 0
      ? deps.native.clockNext(deps.hybridClock, deps.clock.nowMs())
      : latest(staged);
  return { keys, rowCount: shards.length, timestamp };
}

function keyBatch(
  collection: CollectionMeta,
  keys: PrimaryKeys,
  rows: readonly number[],
): RowBatch {
  const field = primaryKeyOf(collection.schema);
  const base = {
    fieldId: field.id,
    type: field.type,
    elementType: null,
    dim: 0,
    nullCount: 0,
    validity: null,
  };
  return { rowCount: rows.length, columns: [{ ...base, ...keyData(keys, rows) }] };
}

function keyData(
  keys: PrimaryKeys,
  rows: readonly number[],
): Pick<BatchColumn, 'offsets' | 'data'> {
  if (keys.kind === 'int64') {
    const values = BigInt64Array.from(rows, (row) => at(keys.values, row));
    return { offsets: null, data: new Uint8Array(values.buffer) };
  }
  const pieces = rows.map((row) =>
    keys.bytes.subarray(at(keys.offsets, row), at(keys.offsets, row + 1)),
  );
  const offsets = new Uint32Array(rows.length + 1);
  pieces.forEach((piece, i) => {
    offsets[i + 1] = at(offsets, i) + piece.byteLength;
  });
  return { offsets, data: new Uint8Array(Buffer.concat(pieces)) };
}
