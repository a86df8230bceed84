// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// REST v2 on rows: insert, search, query, get, delete. Bodies name fields, so each of them asks for
// the schema first.

import { DbError } from '../../core/index.ts';
import type { PrimaryKeys } from '../../../native/index.ts';
import {
  type CollectionSchema,
  type DataType,
  dataTypes,
  type FieldSchema,
  fieldByName,
  isVectorType,
  primaryKeyOf,
  type RowBatch,
} from '../../model/index.ts';
import type { SearchRequest } from '../../service/index.ts';
import {
  indexParams,
  integerParam,
  flagParam,
  readParams,
  roundDecimalParam,
  textParam,
} from '../search-params.ts';
import {
  consistency,
  integer,
  jsonKind,
  object,
  RestError,
  required,
  requiredText,
  templates,
  text,
  texts,
} from './body.ts';
import { JsonObject, type JsonValue } from './json.ts';
import { keysOutput, queryRows, searchRows } from './render.ts';
import type { Route } from './route.ts';
import { decodeRows, floatVectorBytes, int64Value } from './rows.ts';
import { restCodes } from '../status.ts';

/** Rows asked for when the body says no limit. */
const defaultLimit = 100;

export const entityRoutes: Readonly<Record<string, Route>> = {
  insert: async (database, body, name, context) => {
    requiredText(body, 'collectionName');
    const rows = rowsOf(required(body, 'data'));
    const { schema } = await database.describeCollection(name);
    const result = await database.insert(
      {
        ...name,
        partition: text(body, 'partitionName'),
        rowCount: rows.length,
        schemaTimestamp: 0n,
        rows: { kind: 'batch', batch: insertBatch(schema, rows) },
      },
      context,
    );
    return { data: { insertCount: result.rowCount, insertIds: keysOutput(result.keys) } };
  },

  delete: async (database, body, name, context) => {
    requiredText(body, 'collectionName');
    await database.delete(
      {
        ...name,
        partition: text(body, 'partitionName'),
        filter: requiredText(body, 'filter'),
        templates: templates(body),
        consistency: consistency(body),
      },
      context,
    );
    return { data: {} };
  },

  query: async (database, body, name, context) => {
    requiredText(body, 'collectionName');
    const outputFields = outputFieldsOf(body);
    const counts = outputFields.includes('count(*)');
    const result = await database.query(
      {
        ...name,
        partitions: texts(body, 'partitionNames'),
        filter: text(body, 'filter'),
        templates: templates(body),
        keys: null,
        outputFields,
        limit: integer(body, 'limit', counts ? 0 : defaultLimit),
        offset: integer(body, 'offset', 0),
        orderByKey: false,
        consistency: consistency(body),
        ignoreGrowing: false,
      },
      context,
    );
    return { data: queryRows(result) };
  },

  get: async (database, body, name, context) => {
    requiredText(body, 'collectionName');
    const ids = required(body, 'id');
    const { schema } = await database.describeCollection(name);
    const result = await database.query(
      {
        ...name,
        partitions: texts(body, 'partitionNames'),
        filter: '',
        templates: new Map(),
        keys: keysOf(primaryKeyOf(schema), isList(ids) ? ids : [ids]),
        outputFields: outputFieldsOf(body),
        limit: 0,
        offset: 0,
        orderByKey: false,
        consistency: consistency(body),
        ignoreGrowing: false,
      },
      context,
    );
    return { data: queryRows(result) };
  },

  search: async (database, body, name, context) => {
    requiredText(body, 'collectionName');
    const data = required(body, 'data');
    const { schema } = await database.describeCollection(name);
    const result = await database.search(searchRequest(body, data, schema, name), context);
    return { data: searchRows(result), topks: [...result.counts] };
  },
};

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function rowsOf(data: JsonValue): readonly JsonObject[] {
  const rows = isList(data) ? data : [data];
  return rows.map((row, i) => {
    if (row instanceof JsonObject) return row;
    throw insertDataError(`data[${i}]: expected an object, received ${jsonKind(row)}`);
  });
}

function insertBatch(schema: CollectionSchema, rows: readonly JsonObject[]): RowBatch {
  try {
    return decodeRows(schema, rows);
  } catch (thrown) {
    throw insertDataError(DbError.from(thrown).message);
  }
}

function insertDataError(why: string): RestError {
  return new RestError(restCodes.insertData, `fail to deal the insert data, error: ${why}`);
}

function outputFieldsOf(body: JsonObject): readonly string[] {
  const fields = texts(body, 'outputFields');
  return fields.length === 0 ? ['*'] : fields;
}

function keysOf(field: FieldSchema, ids: readonly JsonValue[]): PrimaryKeys {
  if (field.type === dataTypes.Int64) {
    return { kind: 'int64', values: BigInt64Array.from(ids, (id) => int64Value(field.name, id)) };
  }
  const parts = ids.map((id) => {
    if (typeof id === 'string') return new TextEncoder().encode(id);
    throw new DbError({
      code: 'field-type',
      field: field.name,
      expected: 'VarChar',
      received: jsonKind(id),
    });
  });
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + part.length;
  });
  return { kind: 'varchar', offsets, bytes: new Uint8Array(Buffer.concat(parts)) };
}

function searchRequest(
  body: JsonObject,
  data: JsonValue,
  schema: CollectionSchema,
  name: { readonly database: string; readonly collection: string },
): SearchRequest {
  const params = readParams(searchPairs(body));
  const field = vectorField(schema, text(body, 'annsField'));
  const queries = queriesOf(field, data);
  if (text(body, 'groupingField') !== '')
    throw new DbError({ code: 'unimplemented', message: 'groupingField: not implemented yet' });
  return {
    ...name,
    partitions: texts(body, 'partitionNames'),
    filter: text(body, 'filter'),
    templates: templates(body),
    field: field.name,
    queryType: queries.type,
    queries: queries.vectors,
    limit: integer(body, 'limit', defaultLimit),
    offset: integer(body, 'offset', integerParam(params, 'offset', 0)),
    metric: textParam(params, 'metric_type'),
    params: indexParams(params),
    outputFields: texts(body, 'outputFields'),
    consistency: consistency(body),
    roundDecimal: roundDecimalParam(params),
    ignoreGrowing: flagParam(params, 'ignore_growing'),
  };
}

/** searchParams as the pairs that gRPC clients send; REST writes some keys in its own way. */
function searchPairs(body: JsonObject): ReadonlyMap<string, string> {
  const names: Readonly<Record<string, string>> = {
    metricType: 'metric_type',
    roundDecimal: 'round_decimal',
    ignoreGrowing: 'ignore_growing',
  };
  const given = object(body, 'searchParams');
  const pairs = new Map<string, string>();
  for (const key of given?.keys() ?? []) {
    const value = given?.get(key);
    pairs.set(names[key] ?? key, typeof value === 'string' ? value : (given?.raw(key) ?? ''));
  }
  return pairs;
}

function vectorField(schema: CollectionSchema, wanted: string): FieldSchema {
  if (wanted !== '') {
    const field = fieldByName(schema, wanted);
    if (field !== null && isVectorType(field.type)) return field;
    throw new DbError({
      code: 'field-unknown',
      field: wanted,
      expected: 'a vector field',
      received: field === null ? 'no such field' : 'another type',
    });
  }
  const [field, ...others] = schema.fields.filter((one) => isVectorType(one.type));
  if (field !== undefined && others.length === 0) return field;
  throw new DbError({
    code: 'parameter-missing',
    field: 'annsField',
    expected: 'the name of a vector field',
  });
}

function queriesOf(
  field: FieldSchema,
  data: JsonValue,
): { readonly type: DataType; readonly vectors: readonly Uint8Array[] } {
  const queries = isList(data) ? data : [data];
  if (queries.length > 0 && queries.every((query) => typeof query === 'string')) {
    return {
      type: dataTypes.VarChar,
      vectors: queries.map((query) => new TextEncoder().encode(query)),
    };
  }
  if (field.type !== dataTypes.FloatVector) {
    throw new DbError({
      code: 'unimplemented',
      message: `search on field ${field.name} by REST: only float vectors are implemented yet`,
    });
  }
  // A single vector may come without the list around it.
  const vectors = queries.every((query) => typeof query === 'number') ? [queries] : queries;
  return {
    type: dataTypes.FloatVector,
    vectors: vectors.map((vector) => floatVectorBytes(field, vector)),
  };
}
