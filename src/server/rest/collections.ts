// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// REST v2 on collections. Create has three forms: quick (only a dimension: key `id`, vector
// `vector`, dynamic, indexed and loaded), a schema with indexParams (indexed and loaded), a schema
// alone (neither).

import { DbError } from '../../core/index.ts';
import {
  consistencyLevels,
  dataTypeName,
  dataTypes,
  type DataTypeName,
  type DefaultValue,
  type FieldSchema,
} from '../../model/index.ts';
import type {
  CollectionDescription,
  CollectionName,
  Database,
  FieldRequest,
  IndexDescription,
} from '../../service/index.ts';
import { typeParams } from '../grpc/handlers/schema.ts';
import {
  flag,
  integer,
  levelByName,
  object,
  objects,
  requiredText,
  text,
  textMembers,
} from './body.ts';
import type { JsonObject, JsonOutput, JsonValue } from './json.ts';
import type { Route } from './route.ts';

const defaultVarCharLength = '65535';

export const collectionRoutes: Readonly<Record<string, Route>> = {
  list: async (database, _body, name) => ({
    data: (await database.listCollections(name.database)).map((one) => one.schema.name),
  }),

  has: async (database, body, name) => {
    requiredText(body, 'collectionName');
    return { data: { has: await database.hasCollection(name) } };
  },

  describe: async (database, body, name) => {
    requiredText(body, 'collectionName');
    const described = await database.describeCollection(name);
    return { data: describeReply(described, await database.describeIndexes(name, '', '')) };
  },

  drop: async (database, body, name) => {
    requiredText(body, 'collectionName');
    await database.dropCollection(name);
    return { data: {} };
  },

  load: async (database, body, name) => {
    requiredText(body, 'collectionName');
    await database.loadCollection(name);
    return { data: {} };
  },

  release: async (database, body, name) => {
    requiredText(body, 'collectionName');
    await database.releaseCollection(name);
    return { data: {} };
  },

  create: async (database, body, name) => {
    requiredText(body, 'collectionName');
    const schema = object(body, 'schema');
    if (schema === null || objects(schema, 'fields').length === 0)
      await quickCreate(database, body, name);
    else await createWithSchema(database, body, schema, name);
    return { data: {} };
  },
};

const plainField: FieldRequest = {
  name: '',
  description: '',
  type: 0,
  elementType: null,
  primaryKey: false,
  autoId: false,
  nullable: false,
  partitionKey: false,
  clusteringKey: false,
  defaultValue: null,
  params: {},
};

async function quickCreate(
  database: Database,
  body: JsonObject,
  name: CollectionName,
): Promise<void> {
  const dim = integer(body, 'dimension', 0);
  if (dim === 0) {
    throw new DbError({
      code: 'parameter-missing',
      message: 'dimension is required for quickly create collection (default metric type: COSINE)',
    });
  }
  const params = object(body, 'params');
  const idType = typeNumber(text(body, 'idType', 'Int64'));
  const vector = text(body, 'vectorFieldName', 'vector');
  const maxLength = params === null ? '' : textMembers(params)['max_length'];
  await database.createCollection({
    ...createBase(body, name),
    dynamic: params === null ? true : flag(params, 'enableDynamicField', true),
    fields: [
      {
        ...plainField,
        name: text(body, 'primaryFieldName', 'id'),
        type: idType,
        primaryKey: true,
        autoId: flag(body, 'autoID', flag(body, 'autoId', false)),
        params:
          idType === dataTypes.VarChar ? { max_length: maxLength || defaultVarCharLength } : {},
      },
      { ...plainField, name: vector, type: dataTypes.FloatVector, params: { dim: String(dim) } },
    ],
  });
  const metric = text(body, 'metricType', 'COSINE');
  await database.createIndex({
    ...name,
    field: vector,
    indexName: vector,
    params: { index_type: 'AUTOINDEX', metric_type: metric },
  });
  await database.loadCollection(name);
}

async function createWithSchema(
  database: Database,
  body: JsonObject,
  schema: JsonObject,
  name: CollectionName,
): Promise<void> {
  const autoId = flag(schema, 'autoID', flag(schema, 'autoId', false));
  // Both spellings are in use: the documents' and the server's.
  const dynamic = flag(schema, 'enableDynamicField', flag(schema, 'enabledDynamicField', false));
  await database.createCollection({
    ...createBase(body, name),
    description: text(schema, 'description', text(body, 'description')),
    dynamic,
    fields: objects(schema, 'fields').map((field) => fieldRequest(field, autoId)),
  });
  const indexes = objects(body, 'indexParams');
  for (const index of indexes) {
    const { index_type: inner, ...params } = textMembers(object(index, 'params'));
    await database.createIndex({
      ...name,
      field: requiredText(index, 'fieldName'),
      indexName: text(index, 'indexName'),
      params: {
        ...params,
        index_type: text(index, 'indexType', inner ?? 'AUTOINDEX'),
        ...(text(index, 'metricType') === '' ? {} : { metric_type: text(index, 'metricType') }),
      },
    });
  }
  if (indexes.length > 0) await database.loadCollection(name);
}

function createBase(body: JsonObject, name: CollectionName) {
  const params = object(body, 'params');
  const level = params === null ? '' : text(params, 'consistencyLevel');
  const ttl = params === null ? '' : (textMembers(params)['ttlSeconds'] ?? '');
  return {
    ...name,
    description: text(body, 'description'),
    shardCount: params === null ? 1 : integer(params, 'shardsNum', 1),
    consistency: level === '' ? consistencyLevels.Bounded : levelByName(level),
    properties: ttl === '' ? {} : { 'collection.ttl.seconds': ttl },
  };
}

function fieldRequest(field: JsonObject, autoId: boolean): FieldRequest {
  const primaryKey = flag(field, 'isPrimary', false);
  const elementType = text(field, 'elementDataType');
  return {
    ...plainField,
    name: requiredText(field, 'fieldName'),
    description: text(field, 'description'),
    type: typeNumber(requiredText(field, 'dataType')),
    elementType: elementType === '' ? null : typeNumber(elementType),
    primaryKey,
    autoId: primaryKey && flag(field, 'autoID', autoId),
    nullable: flag(field, 'nullable', false),
    partitionKey: flag(field, 'isPartitionKey', false),
    clusteringKey: flag(field, 'isClusteringKey', false),
    defaultValue: defaultValue(field.get('defaultValue') ?? null),
    params: textMembers(object(field, 'elementTypeParams')),
  };
}

function defaultValue(value: JsonValue): DefaultValue | null {
  if (value === null || typeof value !== 'object') return value;
  throw new DbError({
    code: 'parameter-invalid',
    field: 'defaultValue',
    expected: 'a number, a text or a bool',
    received: 'a list or an object',
  });
}

function typeNumber(name: string): number {
  const known = Object.keys(dataTypes).find((one) => one.toLowerCase() === name.toLowerCase());
  if (known === undefined) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'dataType',
      expected: Object.keys(dataTypes).join(', '),
      received: name,
    });
  }
  return dataTypes[known as DataTypeName];
}

function describeReply(
  described: CollectionDescription,
  indexes: readonly IndexDescription[],
): JsonOutput {
  const { schema } = described;
  return {
    aliases: described.aliases,
    autoId: schema.fields.some((field) => field.primaryKey && field.autoId),
    collectionID: BigInt(described.collectionId),
    collectionName: schema.name,
    consistencyLevel: levelName(described.consistency),
    description: schema.description,
    enableDynamicField: schema.dynamic,
    fields: schema.fields.map(describeField),
    functions: [],
    indexes: indexes.map((index) => ({
      fieldName: index.field,
      indexName: index.indexName,
      metricType: index.params['metric_type'] ?? '',
    })),
    load: {
      'not-loaded': 'LoadStateNotLoad',
      loading: 'LoadStateLoading',
      loaded: 'LoadStateLoaded',
    }[described.loadState],
    partitionsNum: described.partitions.length,
    properties: pairs(described.properties),
    shardsNum: described.shardCount,
  };
}

function describeField(field: FieldSchema): JsonOutput {
  return {
    autoId: field.autoId,
    clusteringKey: field.clusteringKey,
    ...(field.defaultValue === null ? {} : { defaultValue: field.defaultValue }),
    description: field.description,
    ...(field.elementType === null ? {} : { elementType: dataTypeName(field.elementType) }),
    id: field.id,
    name: field.name,
    nullable: field.nullable,
    params: pairs(typeParams(field)),
    partitionKey: field.partitionKey,
    primaryKey: field.primaryKey,
    type: dataTypeName(field.type),
  };
}

function pairs(record: Readonly<Record<string, string>>): JsonOutput {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function levelName(level: number): string {
  return Object.entries(consistencyLevels).find(([, number]) => number === level)?.[0] ?? '';
}
