// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Indexes: create, describe, drop; and the two deprecated questions about their progress, which are
// DescribeIndex in other words.

import { DbError } from '../../../core/index.ts';
import type { IndexDescription } from '../../../service/index.ts';
import { type ControlRequest, control, type Handler, type HandlerDeps } from '../call.ts';
import type { ProtoMessage, ProtoObject } from '../wire/message.ts';
import { encodePairs } from './schema.ts';

/** Milvus's IndexState enum. */
const indexStateNumbers: Readonly<Record<IndexDescription['state'], number>> = {
  'in-progress': 2,
  finished: 3,
  failed: 4,
};

export const indexHandlers: Readonly<Record<string, Handler>> = {
  CreateIndex: control('CreateIndex', async (deps, request) => {
    const { database, collection, message } = request;
    await deps.database.createIndex({
      database,
      collection,
      field: message.text('field_name'),
      indexName: message.text('index_name'),
      params: flatParams(message),
    });
    return {};
  }),

  DescribeIndex: control('DescribeIndex', async (deps, request) => ({
    index_descriptions: (await describe(deps, request)).map(encodeIndex),
  })),

  DropIndex: control('DropIndex', async (deps, request) => {
    const { message } = request;
    await deps.database.dropIndex(request, message.text('index_name'), message.text('field_name'));
    return {};
  }),

  GetIndexState: control('GetIndexState', async (deps, request) => {
    const indexes = await describe(deps, request);
    const failed = indexes.find((one) => one.state === 'failed');
    const state =
      failed?.state ??
      (indexes.every((one) => one.state === 'finished') ? 'finished' : 'in-progress');
    return { state: indexStateNumbers[state], fail_reason: failed?.failReason ?? '' };
  }),

  GetIndexBuildProgress: control('GetIndexBuildProgress', async (deps, request) => {
    const indexes = await describe(deps, request);
    return {
      indexed_rows: indexes.reduce((sum, one) => sum + one.indexedRowCount, 0),
      total_rows: indexes.reduce((sum, one) => sum + one.totalRowCount, 0),
    };
  }),
};

// Milvus answers 700 when there is nothing to describe; SDKs turn that into an empty list.
async function describe(
  deps: HandlerDeps,
  request: ControlRequest,
): Promise<readonly IndexDescription[]> {
  const { message } = request;
  const indexes = await deps.database.describeIndexes(
    request,
    message.text('index_name'),
    message.text('field_name'),
  );
  if (indexes.length === 0) throw new DbError({ code: 'index-missing' });
  return indexes;
}

/** Build parameters come flat, in the JSON text of `params`, or both; flat ones win. */
function flatParams(message: ProtoMessage): Record<string, string> {
  const { params = '', ...flat } = message.pairs('extra_params');
  return { ...nestedParams(params), ...flat };
}

function nestedParams(json: string): Record<string, string> {
  if (json === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (thrown) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'params',
      expected: 'a JSON object',
      received: json.slice(0, 100),
      cause: thrown,
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'params',
      expected: 'a JSON object',
      received: json.slice(0, 100),
    });
  }
  const texts = Object.entries(parsed).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(texts);
}

function encodeIndex(index: IndexDescription): ProtoObject {
  return {
    index_name: index.indexName,
    indexID: index.indexId,
    params: encodePairs(index.params),
    field_name: index.field,
    indexed_rows: index.indexedRowCount,
    total_rows: index.totalRowCount,
    pending_index_rows: index.pendingRowCount,
    state: indexStateNumbers[index.state],
    index_state_fail_reason: index.failReason,
  };
}
