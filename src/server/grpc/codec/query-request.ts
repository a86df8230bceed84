// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Milvus's QueryRequest and DeleteRequest, read straight into the services' requests.

import { DbError } from '../../../core/index.ts';
import type { DeleteRequest, QueryRequest, TemplateValue } from '../../../service/index.ts';
import { resolveConsistency } from '../../consistency.ts';
import { flagParam, integerParam, readParams } from '../../search-params.ts';
import { WireReader } from '../wire/reader.ts';
import { readPair, readTemplate } from './request-parts.ts';

/** What clients send, or mean by sending nothing. */
const unlimited = -1;

class QueryFields {
  database = '';
  collection = '';
  filter = '';
  readonly outputFields: string[] = [];
  readonly partitions: string[] = [];
  guarantee = 0n;
  readonly params = new Map<string, string>();
  level = 0;
  useDefaultConsistency = false;
  readonly templates = new Map<string, TemplateValue>();
}

/** Decodes a query; database empty = the connection's, resolved by the caller. */
export function decodeQueryRequest(bytes: Uint8Array): QueryRequest {
  const fields = new QueryFields();
  const reader = new WireReader(bytes);
  for (let id = reader.next(); id !== 0; id = reader.next()) readQueryField(fields, id, reader);
  const params = readParams(fields.params);
  const limit = integerParam(params, 'limit', unlimited);
  if (limit === 0)
    throw new DbError({
      code: 'parameter-invalid',
      field: 'limit',
      expected: 'at least 1',
      received: 0,
    });
  return {
    database: fields.database,
    collection: fields.collection,
    partitions: fields.partitions,
    filter: fields.filter,
    templates: fields.templates,
    keys: null,
    outputFields: fields.outputFields,
    limit: limit === unlimited ? 0 : limit,
    // Milvus heeds an offset only beside a limit.
    offset: limit > 0 ? integerParam(params, 'offset', 0) : 0,
    orderByKey: flagParam(params, 'iterator'),
    consistency: resolveConsistency(fields.useDefaultConsistency, fields.level, fields.guarantee),
    ignoreGrowing: flagParam(params, 'ignore_growing'),
  };
}

function readQueryField(fields: QueryFields, id: number, reader: WireReader): void {
  switch (id) {
    case 2:
      fields.database = reader.text();
      return;
    case 3:
      fields.collection = reader.text();
      return;
    case 4:
      fields.filter = reader.text();
      return;
    case 5:
      fields.outputFields.push(reader.text());
      return;
    case 6:
      fields.partitions.push(reader.text());
      return;
    case 8:
      fields.guarantee = reader.uint64();
      return;
    case 9:
      readPair(reader, fields.params);
      return;
    case 11:
      fields.level = reader.int32();
      return;
    case 12:
      fields.useDefaultConsistency = reader.bool();
      return;
    case 13:
      readTemplate(reader, fields.templates);
      return;
    default:
      reader.skip();
  }
}

/** Decodes a delete by filter; database empty = the connection's. */
export function decodeDeleteRequest(bytes: Uint8Array): DeleteRequest {
  let database = '';
  let collection = '';
  let partition = '';
  let filter = '';
  let level = 0;
  const templates = new Map<string, TemplateValue>();
  const reader = new WireReader(bytes);
  for (let id = reader.next(); id !== 0; id = reader.next()) {
    if (id === 2) database = reader.text();
    else if (id === 3) collection = reader.text();
    else if (id === 4) partition = reader.text();
    else if (id === 5) filter = reader.text();
    else if (id === 7) level = reader.int32();
    else if (id === 8) readTemplate(reader, templates);
    else reader.skip();
  }
  if (filter.trim() === '') {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'expr',
      expected: 'a filter that says what to delete',
    });
  }
  return {
    database,
    collection,
    partition,
    filter,
    templates,
    consistency: resolveConsistency(false, level, 0n),
  };
}
