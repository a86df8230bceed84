// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// SearchResults, QueryResults and MutationResult, written straight from the services' columns.

import { assert } from '../../../core/index.ts';
import { primaryKeyOf } from '../../../model/index.ts';
import type { MutationResult, QueryResult, SearchResult } from '../../../service/index.ts';
import { type OutputColumn, type OutputColumns, outputColumns } from '../../output-columns.ts';
import { encodeMessage } from '../wire/message.ts';
import { WireWriter } from '../wire/writer.ts';
import { writeFieldData } from './field-data.ts';
import { keyCount, writeIds } from './keys.ts';

const resultsSlots = { status: 1, results: 2, collection: 3 } as const;
const dataSlots = {
  queryCount: 1,
  topK: 2,
  fields: 3,
  scores: 4,
  ids: 5,
  topks: 6,
  outputFields: 7,
  primaryField: 13,
} as const;
const querySlots = {
  status: 1,
  fields: 2,
  collection: 3,
  outputFields: 4,
  primaryField: 6,
} as const;
const mutationSlots = {
  status: 1,
  ids: 2,
  succIndex: 3,
  acknowledged: 5,
  insertCount: 6,
  deleteCount: 7,
  timestamp: 9,
} as const;

/** A Status whose codes are all zero. */
const success = new Uint8Array(0);
const statusReasonSlot = 2;

export function encodeSearchResults(collection: string, result: SearchResult): Uint8Array {
  const { counts, scores, keys, schema, output } = result;
  const hitCount = keyCount(keys);
  const totalCount = counts.reduce((sum, count) => sum + count, 0);
  assert(scores.length === hitCount && totalCount === hitCount, 'a search has one score a hit');
  const shown = outputColumns(schema, output, keys);
  const estimateBytes = 256 + 16 * hitCount + columnBytes(shown);
  const writer = new WireWriter(estimateBytes + 256);
  writer.open(resultsSlots.status);
  if (hitCount === 0) writer.text(statusReasonSlot, 'search result is empty');
  writer.close();
  writer.open(resultsSlots.results, estimateBytes);
  writer.safeInteger(dataSlots.queryCount, counts.length);
  writer.safeInteger(dataSlots.topK, counts.at(-1) ?? 0);
  for (const one of shown.columns)
    writeColumn(writer, dataSlots.fields, one, hitCount, output.dynamicKeys);
  writer.bytes(
    dataSlots.scores,
    new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength),
  );
  writeIds(writer, dataSlots.ids, keys);
  writer.open(dataSlots.topks, counts.length);
  for (const count of counts) writer.packedInt32(count);
  writer.close();
  for (const name of shown.names) writer.text(dataSlots.outputFields, name);
  writer.text(dataSlots.primaryField, primaryKeyOf(schema).name);
  writer.close();
  writer.text(resultsSlots.collection, collection);
  return writer.finish();
}

export function encodeQueryResults(collection: string, result: QueryResult): Uint8Array {
  if (result.kind === 'count') return encodeCount(collection, result);
  const { schema, output } = result;
  const shown = outputColumns(schema, output, null);
  const writer = new WireWriter(512 + columnBytes(shown));
  writer.bytes(querySlots.status, success);
  for (const one of shown.columns) {
    writeColumn(writer, querySlots.fields, one, output.rows.rowCount, output.dynamicKeys);
  }
  writer.text(querySlots.collection, collection);
  for (const name of shown.names) writer.text(querySlots.outputFields, name);
  writer.text(querySlots.primaryField, primaryKeyOf(schema).name);
  return writer.finish();
}

// One Int64 column of one row, named as it was asked for.
function encodeCount(
  collection: string,
  result: QueryResult & { readonly kind: 'count' },
): Uint8Array {
  return encodeMessage('milvus.QueryResults', {
    status: { error_code: 0, code: 0 },
    fields_data: [
      { type: 5, field_name: 'count(*)', scalars: { long_data: { data: [result.count] } } },
    ],
    collection_name: collection,
    output_fields: ['count(*)'],
    primary_field_name: primaryKeyOf(result.schema).name,
  });
}

/** The reply of an insert or a delete. */
export function encodeMutationResult(
  kind: 'insert' | 'delete',
  result: MutationResult,
): Uint8Array {
  const writer = new WireWriter(256 + 16 * keyCount(result.keys));
  writer.bytes(mutationSlots.status, success);
  writeIds(writer, mutationSlots.ids, result.keys);
  if (kind === 'insert') {
    writer.open(mutationSlots.succIndex, 2 * result.rowCount);
    for (let row = 0; row < result.rowCount; row++) writer.packedInt32(row);
    writer.close();
  }
  writer.bool(mutationSlots.acknowledged, true);
  const countSlot = kind === 'insert' ? mutationSlots.insertCount : mutationSlots.deleteCount;
  writer.safeInteger(countSlot, result.rowCount);
  writer.int64(mutationSlots.timestamp, result.timestamp);
  return writer.finish();
}

function writeColumn(
  writer: WireWriter,
  slot: number,
  shown: OutputColumn,
  rowCount: number,
  dynamicKeys: readonly string[] | null,
): void {
  writeFieldData(writer, slot, shown.field, shown.column, rowCount, dynamicKeys);
}

function columnBytes(shown: OutputColumns): number {
  return shown.columns.reduce((sum, { column }) => {
    const lengths = column.offsets === null ? 0 : 3 * column.offsets.length;
    return sum + column.data.byteLength + lengths + 64;
  }, 0);
}
