// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Parameters of search and query as clients write them: all values are text, a key may stand flat
// or inside the JSON of `params`, Python's booleans arrive as "True".

import { DbError } from '../core/index.ts';

/** A client's parameters: flat pairs over the members of `params`. */
export interface ReadParams {
  readonly flat: ReadonlyMap<string, string>;
  readonly nested: Readonly<Record<string, unknown>>;
}

/** Keys with a meaning of their own; everything else is handed to the index. */
const reservedKeys = new Set([
  'anns_field',
  'topk',
  'limit',
  'offset',
  'metric_type',
  'params',
  'round_decimal',
  'ignore_growing',
  'group_by_field',
  'group_by_fields',
  'group_size',
  'strict_group_size',
  'order_by_fields',
  'iterator',
  'collection_id',
  'search_iter_v2',
  'search_iter_batch_size',
  'search_iter_last_bound',
  'search_iter_id',
  'reduce_stop_for_best',
  'page_retain_order',
  'timezone',
  'time_fields',
]);

/** Asks for more than is built; silently leaving them out would answer something else. */
const unbuiltKeys = ['group_by_field', 'group_by_fields', 'order_by_fields'];

/** Reads the pairs of search_params or query_params. */
export function readParams(flat: ReadonlyMap<string, string>): ReadParams {
  const params = { flat, nested: nestedParams(flat.get('params') ?? '') };
  for (const key of unbuiltKeys) {
    if (textParam(params, key) !== '') {
      throw new DbError({ code: 'unimplemented', message: `${key}: not implemented yet` });
    }
  }
  return params;
}

function nestedParams(json: string): Record<string, unknown> {
  if (json === '' || json === '{}') return {};
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
  return { ...parsed };
}

/** Parameters for the index: what stands in `params`, and flat ones that have no other meaning. */
export function indexParams(params: ReadParams): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of params.flat) {
    if (!reservedKeys.has(key)) result[key] = value;
  }
  for (const [key, value] of Object.entries(params.nested)) {
    if (!reservedKeys.has(key)) result[key] = value;
  }
  return result;
}

/** Empty when the key is nowhere. */
export function textParam(params: ReadParams, key: string): string {
  const flat = params.flat.get(key);
  if (flat !== undefined && flat !== '') return flat;
  const nested = Object.hasOwn(params.nested, key) ? params.nested[key] : undefined;
  if (nested === undefined || nested === null) return '';
  return typeof nested === 'string' ? nested : JSON.stringify(nested);
}

/** An integer, or the fallback when the key is nowhere. */
export function integerParam(params: ReadParams, key: string, fallback: number): number {
  const text = textParam(params, key);
  if (text === '') return fallback;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw new DbError({
      code: 'parameter-invalid',
      field: key,
      expected: 'an integer',
      received: text.slice(0, 100),
    });
  }
  return Number(text);
}

export function flagParam(params: ReadParams, key: string): boolean {
  const text = textParam(params, key).toLowerCase();
  if (text === '' || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  throw new DbError({
    code: 'parameter-invalid',
    field: key,
    expected: 'true or false',
    received: text.slice(0, 100),
  });
}

/** -1 = leave scores as they are, else 0 to 6 decimals. */
export function roundDecimalParam(params: ReadParams): number {
  const decimals = integerParam(params, 'round_decimal', -1);
  if (decimals < -1 || decimals > 6) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'round_decimal',
      expected: '-1 or 0 to 6',
      received: decimals,
    });
  }
  return decimals;
}
