// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Query and get: rows by filter or keys, or their count.

import { DbError } from '../core/index.ts';
import { replySizeBytesMax, resultWindowMax } from '../core/limits.ts';
import { type CompiledFilter, compileKeyFilter } from '../expr/index.ts';
import {
  type CollectionMeta,
  decodeRowBatch,
  primaryKeyOf,
  type RowBatch,
} from '../model/index.ts';
import type { CallContext, QueryRequest, QueryResult } from './api.ts';
import { withCancel } from './cancel.ts';
import { findCollection } from './collections.ts';
import type { ServiceDeps } from './deps.ts';
import { partitionIdsOf } from './partitions.ts';
import { checkLoaded, filterOf, pinShards, resolveOutput, type ResolvedOutput } from './reads.ts';

const countField = 'count(*)';

export async function query(
  deps: ServiceDeps,
  request: QueryRequest,
  context: CallContext,
): Promise<QueryResult> {
  const collection = findCollection(deps, request);
  const { schema } = collection;
  const countOnly = request.outputFields.includes(countField);
  if (countOnly && request.outputFields.length > 1) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'output_fields',
      expected: `${countField} alone`,
      received: request.outputFields.join(', '),
    });
  }
  checkWindow(request, countOnly);
  const filter = selection(collection, request);
  const output: ResolvedOutput = countOnly
    ? { fieldIds: new Uint32Array(), names: [], dynamicKeys: [] }
    : resolveOutput(schema, withKey(collection, request.outputFields), []);
  const partitions = partitionIdsOf(collection, request.partitions);
  checkLoaded(deps.mirror, collection);
  const pins = await pinShards(deps, collection, request.consistency);
  const found = await withCancel(deps, context, (cancel) =>
    deps.native.query({
      pins,
      program: filter?.program ?? null,
      partitionIds: partitions === null ? null : Float64Array.from(partitions),
      offset: request.limit === 0 ? 0 : request.offset,
      limit: request.limit,
      orderByKey: request.orderByKey,
      ignoreGrowing: request.ignoreGrowing,
      outputFieldIds: output.fieldIds,
      countOnly,
      resultBytesMax: replySizeBytesMax,
      cancel,
    }),
  );
  if (countOnly) return { kind: 'count', schema, count: found.rowCount };
  const rows: RowBatch =
    found.rows === null ? { rowCount: 0, columns: [] } : decodeRowBatch(found.rows);
  return {
    kind: 'rows',
    schema,
    output: { rows, names: output.names, dynamicKeys: output.dynamicKeys },
  };
}

function selection(collection: CollectionMeta, request: QueryRequest): CompiledFilter | null {
  if (request.keys !== null) return compileKeyFilter(collection.schema, request.keys);
  return filterOf(collection.schema, request.filter, request.templates);
}

/** A query's answer always has the primary key. */
function withKey(collection: CollectionMeta, asked: readonly string[]): readonly string[] {
  const key = primaryKeyOf(collection.schema).name;
  return asked.includes(key) || asked.includes('*') ? asked : [...asked, key];
}

function checkWindow(request: QueryRequest, countOnly: boolean): void {
  const { limit, offset, filter, keys } = request;
  if (limit === 0) {
    if (filter.trim() === '' && keys === null && !countOnly) {
      throw new DbError({
        code: 'parameter-invalid',
        field: 'limit',
        message: 'empty expression should be used with limit',
      });
    }
    return;
  }
  if (countOnly) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'limit',
      message: 'count entities with pagination is not allowed',
    });
  }
  if (
    !Number.isInteger(limit) ||
    limit < 1 ||
    !Number.isInteger(offset) ||
    offset < 0 ||
    limit + offset > resultWindowMax
  ) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'limit',
      expected: `offset + limit in [1, ${resultWindowMax}]`,
      received: limit + offset,
      message: `invalid max query result window, offset+limit [${limit + offset}] should be in range [1, ${resultWindowMax}]`,
    });
  }
}
