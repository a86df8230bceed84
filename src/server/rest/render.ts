// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rows of a read as JSON text. Stored JSON goes out byte for byte, int64 exact, floats with the
// fewest digits that give the same fp32 again.

import { at, DbError } from '../../core/index.ts';
import type { PrimaryKeys } from '../../../native/index.ts';
import {
  type BatchColumn,
  dataTypes,
  fixedWidthBytes,
  isPresent,
  metaFieldId,
  primaryKeyOf,
} from '../../model/index.ts';
import type { OutputRows, QueryResult, SearchResult } from '../../service/index.ts';
import { keyColumn } from '../grpc/codec/keys.ts';
import { type MemberPicker, memberPicker } from '../json-pick.ts';
import { type OutputColumn, outputColumns } from '../output-columns.ts';
import { JsonObject, type JsonOutput, parseJson, RawJson } from './json.ts';

const decoder = new TextDecoder();

/** Keys as a list of numbers or texts. */
export function keysOutput(keys: PrimaryKeys): JsonOutput {
  if (keys.kind === 'int64') return [...keys.values];
  const texts: string[] = [];
  for (let row = 0; row + 1 < keys.offsets.length; row++) {
    texts.push(
      decoder.decode(keys.bytes.subarray(at(keys.offsets, row), at(keys.offsets, row + 1))),
    );
  }
  return texts;
}

/** Rows of a query; a count is one row. */
export function queryRows(result: QueryResult): JsonOutput {
  if (result.kind === 'count') return [{ 'count(*)': BigInt(result.count) }];
  const { columns } = outputColumns(result.schema, result.output, null);
  const pick = pickerOf(result.output);
  return Array.from({ length: result.output.rows.rowCount }, (_, row) =>
    renderRow(columns, row, pick),
  );
}

/** Hits of all queries in one list, each with its key and distance; topks says how to split them. */
export function searchRows(result: SearchResult): JsonOutput {
  const key = primaryKeyOf(result.schema);
  const keys = keyColumn(result.keys, key.id);
  const { columns } = outputColumns(result.schema, result.output, result.keys);
  const pick = pickerOf(result.output);
  return Array.from(result.scores, (score, row) => {
    const members = renderRow(columns, row, pick);
    members.set(key.name, renderCell(keys, row));
    return members.set('distance', new RawJson(floatText(score)));
  });
}

function pickerOf(output: OutputRows): MemberPicker | null {
  return output.dynamicKeys === null ? null : memberPicker(output.dynamicKeys);
}

// A Map, since a field may be called __proto__.
function renderRow(
  columns: readonly OutputColumn[],
  row: number,
  pick: MemberPicker | null,
): Map<string, JsonOutput> {
  const members = new Map<string, JsonOutput>();
  for (const { field, column } of columns) {
    if (field.id !== metaFieldId) members.set(field.name, renderCell(column, row));
    else addDynamicMembers(members, variableBytes(column, row), pick);
  }
  return members;
}

function addDynamicMembers(
  members: Map<string, JsonOutput>,
  object: Uint8Array,
  pick: MemberPicker | null,
): void {
  const parsed = parseJson(decoder.decode(pick === null ? object : pick(object)));
  if (!(parsed instanceof JsonObject)) return;
  for (const key of parsed.keys()) members.set(key, new RawJson(parsed.raw(key)));
}

function renderCell(column: BatchColumn, row: number): JsonOutput {
  if (!isPresent(column, row)) return null;
  const { data, type } = column;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (type) {
    case dataTypes.Bool:
      return data[row] === 1;
    case dataTypes.Int8:
      return view.getInt8(row);
    case dataTypes.Int16:
      return view.getInt16(2 * row, true);
    case dataTypes.Int32:
      return view.getInt32(4 * row, true);
    case dataTypes.Int64:
      return view.getBigInt64(8 * row, true);
    case dataTypes.Float:
      return new RawJson(floatText(view.getFloat32(4 * row, true)));
    case dataTypes.Double:
      return view.getFloat64(8 * row, true);
    case dataTypes.VarChar:
      return decoder.decode(variableBytes(column, row));
    case dataTypes.JSON:
      return new RawJson(decoder.decode(variableBytes(column, row)));
    case dataTypes.FloatVector:
      return floatVector(view, row * fixedWidthBytes(type, column.dim), column.dim);
    default:
      throw new DbError({
        code: 'unimplemented',
        message: `field type ${type} by REST: not implemented yet`,
      });
  }
}

function floatVector(view: DataView, start: number, dim: number): RawJson {
  const texts: string[] = [];
  for (let i = 0; i < dim; i++) texts.push(floatText(view.getFloat32(start + 4 * i, true)));
  return new RawJson(`[${texts.join(',')}]`);
}

/** The shortest decimal that is this fp32. */
export function floatText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

function variableBytes(column: BatchColumn, row: number): Uint8Array {
  const offsets = column.offsets ?? new Uint32Array(0);
  return column.data.subarray(at(offsets, row), at(offsets, row + 1));
}
