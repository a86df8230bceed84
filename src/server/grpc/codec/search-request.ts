// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Milvus's SearchRequest, read straight into the service's request. The query vectors stay where
// they are: views on the request's bytes, from which native code copies them once.

import { DbError } from '../../../core/index.ts';
import { type DataType, dataTypes, isDataType } from '../../../model/index.ts';
import type { SearchRequest, TemplateValue } from '../../../service/index.ts';
import { resolveConsistency } from '../../consistency.ts';
import {
  flagParam,
  indexParams,
  integerParam,
  readParams,
  roundDecimalParam,
  textParam,
} from '../../search-params.ts';
import { WireReader } from '../wire/reader.ts';
import { readPair, readTemplate } from './request-parts.ts';

const dslBoolExpression = 1;

interface Queries {
  readonly type: DataType;
  readonly vectors: readonly Uint8Array[];
}

/** The request as it lies on the wire, before its parts are understood together. */
class SearchFields {
  database = '';
  collection = '';
  readonly partitions: string[] = [];
  filter = '';
  filterKind = dslBoolExpression;
  placeholders: Uint8Array | null = null;
  readonly outputFields: string[] = [];
  readonly params = new Map<string, string>();
  guarantee = 0n;
  queryCount = 0n;
  level = 0;
  useDefaultConsistency = false;
  readonly templates = new Map<string, TemplateValue>();
}

/** Decodes a search; database empty = the connection's, resolved by the caller. */
export function decodeSearchRequest(bytes: Uint8Array): SearchRequest {
  const fields = readFields(new WireReader(bytes));
  const params = readParams(fields.params);
  const queries = readQueries(fields);
  return {
    database: fields.database,
    collection: fields.collection,
    partitions: fields.partitions,
    filter: fields.filter,
    templates: fields.templates,
    field: textParam(params, 'anns_field'),
    queryType: queries.type,
    queries: queries.vectors,
    limit: integerParam(params, params.flat.has('topk') ? 'topk' : 'limit', 0),
    offset: integerParam(params, 'offset', 0),
    metric: textParam(params, 'metric_type'),
    params: indexParams(params),
    outputFields: fields.outputFields,
    consistency: resolveConsistency(fields.useDefaultConsistency, fields.level, fields.guarantee),
    roundDecimal: roundDecimalParam(params),
    ignoreGrowing: flagParam(params, 'ignore_growing'),
  };
}

function readFields(reader: WireReader): SearchFields {
  const fields = new SearchFields();
  for (let id = reader.next(); id !== 0; id = reader.next()) readField(fields, id, reader);
  return fields;
}

function readField(fields: SearchFields, id: number, reader: WireReader): void {
  switch (id) {
    case 2:
      fields.database = reader.text();
      return;
    case 3:
      fields.collection = reader.text();
      return;
    case 4:
      fields.partitions.push(reader.text());
      return;
    case 5:
      fields.filter = reader.text();
      return;
    case 6:
      fields.placeholders = reader.bytes();
      return;
    case 7:
      fields.filterKind = reader.int32();
      return;
    case 8:
      fields.outputFields.push(reader.text());
      return;
    case 9:
      readPair(reader, fields.params);
      return;
    case 11:
      fields.guarantee = reader.uint64();
      return;
    case 12:
      fields.queryCount = reader.int64();
      return;
    case 14:
      fields.level = reader.int32();
      return;
    case 15:
      fields.useDefaultConsistency = reader.bool();
      return;
    case 18:
      readTemplate(reader, fields.templates);
      return;
    default:
      refuseUnbuilt(id);
      reader.skip();
  }
}

const unbuiltFields: Readonly<Record<number, string>> = {
  17: 'sub_reqs',
  19: 'function_score',
  21: 'highlighter',
  22: 'search by ids',
  23: 'search_aggregation',
  24: 'function_chains',
};

function refuseUnbuilt(id: number): void {
  const name = unbuiltFields[id];
  if (name !== undefined)
    throw new DbError({ code: 'unimplemented', message: `${name}: not implemented yet` });
}

function readQueries(fields: SearchFields): Queries {
  if (fields.filter !== '' && fields.filterKind !== dslBoolExpression) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'dsl_type',
      expected: 'BoolExprV1',
      received: fields.filterKind,
    });
  }
  if (fields.placeholders === null) {
    throw new DbError({
      code: 'parameter-missing',
      field: 'placeholder_group',
      expected: 'query vectors',
    });
  }
  const queries = readPlaceholder(new WireReader(fields.placeholders));
  // Old clients leave nq out.
  if (fields.queryCount !== 0n && fields.queryCount !== BigInt(queries.vectors.length)) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'nq',
      expected: `${fields.queryCount} query vectors`,
      received: queries.vectors.length,
    });
  }
  return queries;
}

/** PlaceholderGroup: of its placeholders only the first counts, as in Milvus. */
function readPlaceholder(group: WireReader): Queries {
  let type = -1;
  let vectors: Uint8Array[] = [];
  for (let id = group.next(); id !== 0; id = group.next()) {
    if (id !== 1 || type !== -1) {
      group.skip();
      continue;
    }
    type = 0;
    vectors = [];
    const placeholder = group.message();
    for (let part = placeholder.next(); part !== 0; part = placeholder.next()) {
      if (part === 2) type = placeholder.int32();
      else if (part === 3) vectors.push(placeholder.bytes());
      else placeholder.skip();
    }
  }
  if (vectors.length === 0) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'nq',
      expected: 'at least 1 query vector',
      received: 0,
    });
  }
  return { type: queryType(type), vectors };
}

function queryType(type: number): DataType {
  // Lists of embeddings are numbered from 300.
  if (type >= 300)
    throw new DbError({
      code: 'unimplemented',
      message: 'search by embedding lists: not implemented yet',
    });
  if (isDataType(type) && (type >= 100 || type === dataTypes.VarChar)) return type;
  throw new DbError({
    code: 'parameter-invalid',
    field: 'placeholder type',
    expected: 'a vector type',
    received: type,
  });
}
