// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Search: bind the filter, check the queries, pin a view a shard, one native call for all of them.

import { metricNumbers } from '../../pipelines/index.ts';
import type { SearchHits } from '../../native/index.ts';
import { DbError } from '../core/index.ts';
import { queryCountMax, resultWindowMax } from '../core/limits.ts';
import { resolveEf } from '../indexes/index.ts';
import {
  type CollectionMeta,
  dataTypeName,
  decodeRowBatch,
  type FieldSchema,
  fixedWidthBytes,
  type RowBatch,
} from '../model/index.ts';
import type { CallContext, SearchRequest, SearchResult } from './api.ts';
import { withCancel } from './cancel.ts';
import { checkDatabase } from './collections.ts';
import type { ServiceDeps } from './deps.ts';
import { dropOffset } from './offset.ts';
import { partitionIdsOf } from './partitions.ts';
import { checkLoaded, filterOf, pinShards, resolveOutput, vectorField } from './reads.ts';

export async function search(
  deps: ServiceDeps,
  request: SearchRequest,
  context: CallContext,
): Promise<SearchResult> {
  checkDatabase(request.database);
  const collection = deps.mirror.collection(request.database, request.collection);
  const { schema } = collection;
  checkWindow(request);
  const field = vectorField(schema, request.field);
  const queries = packQueries(field, request);
  const metric = metricOf(collection, field, request.metric);
  const k = request.limit + request.offset;
  const ef = resolveEf(request.params, k);
  const filter = filterOf(schema, request.filter, request.templates);
  const partitions = partitionIdsOf(collection, request.partitions);
  const output = resolveOutput(schema, request.outputFields, []);
  checkLoaded(deps.mirror, collection);
  const pins = await pinShards(deps, collection, request.consistency);
  const hits = await withCancel(deps, context, (cancel) =>
    deps.native.search({
      pins,
      program: filter?.program ?? null,
      partitionIds: partitions === null ? null : Float64Array.from(partitions),
      fieldId: field.id,
      metric,
      queryCount: request.queries.length,
      queries,
      k,
      ef,
      ignoreGrowing: request.ignoreGrowing,
      outputFieldIds: output.fieldIds,
      cancel,
    }),
  );
  const kept = request.offset === 0 ? hits : dropOffset(hits, request.offset);
  return {
    schema,
    counts: kept.counts,
    scores: round(kept.scores, request.roundDecimal),
    keys: kept.keys,
    output: { rows: rowsOf(kept), names: output.names, dynamicKeys: output.dynamicKeys },
  };
}

function rowsOf(hits: SearchHits): RowBatch {
  if (hits.rows !== null) return decodeRowBatch(hits.rows);
  return { rowCount: hits.counts.reduce((sum, count) => sum + count, 0), columns: [] };
}

function checkWindow(request: SearchRequest): void {
  const { limit, offset, roundDecimal, queries } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > resultWindowMax) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'topk',
      expected: `an integer in [1, ${resultWindowMax}]`,
      received: limit,
      message: `topk [${limit}] is invalid, it should be in range [1, ${resultWindowMax}], but got ${limit}`,
    });
  }
  if (!Number.isInteger(offset) || offset < 0 || limit + offset > resultWindowMax) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'offset',
      expected: `offset + limit in [1, ${resultWindowMax}]`,
      received: limit + offset,
      message: `offset+limit [${limit + offset}] is invalid, it should be in range [1, ${resultWindowMax}]`,
    });
  }
  if (!Number.isInteger(roundDecimal) || roundDecimal < -1 || roundDecimal > 6) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'round_decimal',
      expected: '-1 or 0 to 6',
      received: roundDecimal,
    });
  }
  if (queries.length < 1 || queries.length > queryCountMax) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'nq',
      expected: `an integer in [1, ${queryCountMax}]`,
      received: queries.length,
      message: `nq [${queries.length}] is invalid, it should be in range [1, ${queryCountMax}]`,
    });
  }
}

function packQueries(field: FieldSchema, request: SearchRequest): Uint8Array {
  if (request.queryType !== field.type) {
    throw new DbError({
      code: 'field-type',
      field: field.name,
      expected: `a query of type ${dataTypeName(field.type) ?? field.type}`,
      received: dataTypeName(request.queryType) ?? request.queryType,
    });
  }
  const width = fixedWidthBytes(field.type, field.dim);
  for (const query of request.queries) {
    if (query.byteLength === width) continue;
    const received = (query.byteLength * field.dim) / width;
    throw new DbError({
      code: 'vector-dimension',
      field: field.name,
      expected: field.dim,
      received,
      message: `vector dimension mismatch, field ${field.name}: expected vector size(byte) ${width} (dim ${field.dim}), actual ${query.byteLength} (dim ${received})`,
    });
  }
  const packed = new Uint8Array(width * request.queries.length);
  request.queries.forEach((query, i) => packed.set(query, i * width));
  return packed;
}

function metricOf(collection: CollectionMeta, field: FieldSchema, asked: string): number {
  const index = collection.indexes.find((candidate) => candidate.fieldId === field.id);
  const name = (asked === '' ? (index?.metric ?? 'COSINE') : asked).toUpperCase();
  if (index !== undefined && name !== index.metric) {
    throw new DbError({
      code: 'metric-mismatch',
      field: field.name,
      expected: index.metric,
      received: asked,
      message: `metric type not match: invalid parameter[expected=${index.metric}][actual=${asked}]`,
    });
  }
  if (name === 'L2' || name === 'IP' || name === 'COSINE') return metricNumbers[name];
  throw new DbError({
    code: 'parameter-invalid',
    field: 'metric_type',
    expected: 'L2, IP or COSINE',
    received: asked,
  });
}

function round(scores: Float32Array, decimals: number): Float32Array {
  if (decimals < 0) return scores;
  const factor = 10 ** decimals;
  return scores.map((score) => Math.round(score * factor) / factor);
}
