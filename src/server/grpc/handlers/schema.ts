// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A collection's schema between Milvus's message and ours: what CreateCollection brings inside a
// bytes field, and what DescribeCollection shows. Whether a schema is allowed the service decides;
// here only what the message cannot say in our words is refused.

import { DbError } from '../../../core/index.ts';
import {
  type CollectionSchema,
  type DataType,
  type DefaultValue,
  dataTypes,
  type FieldSchema,
  isVectorType,
} from '../../../model/index.ts';
import type { FieldRequest } from '../../../service/index.ts';
import { decodeMessage, type ProtoMessage, type ProtoObject } from '../wire/message.ts';

export interface RequestedSchema {
  readonly name: string;
  readonly description: string;
  readonly fields: readonly FieldRequest[];
  readonly dynamic: boolean;
  readonly properties: Readonly<Record<string, string>>;
}

/** Reads the serialized CollectionSchema of a create request. */
export function decodeSchema(bytes: Uint8Array): RequestedSchema {
  const schema = decodeMessage('schema.CollectionSchema', bytes);
  if (schema.messages('functions').length > 0) throw notBuilt('functions');
  if (schema.messages('struct_array_fields').length > 0) throw notBuilt('struct fields');
  return {
    name: schema.text('name'),
    description: schema.text('description'),
    // Old clients say autoID of the key on the collection.
    fields: schema
      .messages('fields')
      .filter((field) => !field.flag('is_dynamic'))
      .map((field) => fieldRequest(field, schema.flag('autoID'))),
    dynamic: schema.flag('enable_dynamic_field'),
    properties: schema.pairs('properties'),
  };
}

function fieldRequest(field: ProtoMessage, collectionAutoId: boolean): FieldRequest {
  const primaryKey = field.flag('is_primary_key');
  return {
    name: field.text('name'),
    description: field.text('description'),
    type: field.number('data_type'),
    elementType: field.number('element_type') === 0 ? null : field.number('element_type'),
    primaryKey,
    autoId: field.flag('autoID') || (primaryKey && collectionAutoId),
    nullable: field.flag('nullable'),
    partitionKey: field.flag('is_partition_key'),
    clusteringKey: field.flag('is_clustering_key'),
    defaultValue: defaultValue(field.message('default_value'), field.text('name')),
    params: field.pairs('type_params'),
  };
}

function defaultValue(value: ProtoMessage | null, field: string): DefaultValue | null {
  if (value === null) return null;
  if (value.has('bool_data')) return value.flag('bool_data');
  if (value.has('int_data')) return value.number('int_data');
  if (value.has('long_data')) return value.long('long_data');
  if (value.has('float_data')) return value.number('float_data');
  if (value.has('double_data')) return value.number('double_data');
  if (value.has('string_data')) return value.text('string_data');
  if (value.has('bytes_data')) throw notBuilt(`a bytes default of field ${field}`);
  return null;
}

function notBuilt(what: string): DbError {
  return new DbError({
    code: 'unimplemented',
    message: `${what} in a schema: not implemented yet`,
  });
}

/** The schema as DescribeCollection shows it: user fields only, never $meta or system fields. */
export function encodeSchema(
  schema: CollectionSchema,
  properties: Readonly<Record<string, string>>,
): ProtoObject {
  return {
    name: schema.name,
    description: schema.description,
    autoID: schema.fields.some((field) => field.primaryKey && field.autoId),
    fields: schema.fields.map(encodeField),
    enable_dynamic_field: schema.dynamic,
    properties: encodePairs(properties),
    version: schema.version,
  };
}

function encodeField(field: FieldSchema): ProtoObject {
  return {
    fieldID: field.id,
    name: field.name,
    is_primary_key: field.primaryKey,
    description: field.description,
    data_type: field.type,
    type_params: encodePairs(typeParams(field)),
    autoID: field.autoId,
    state: 0,
    element_type: field.elementType ?? 0,
    is_dynamic: false,
    is_partition_key: field.partitionKey,
    is_clustering_key: field.clusteringKey,
    nullable: field.nullable,
    ...(field.defaultValue === null
      ? {}
      : { default_value: encodeDefault(field.type, field.defaultValue) }),
  };
}

/** dim, max_length and max_capacity as text beside what we only echo. */
export function typeParams(field: FieldSchema): Record<string, string> {
  const sized = isVectorType(field.type) && field.type !== dataTypes.SparseFloatVector;
  return {
    ...(sized ? { dim: String(field.dim) } : {}),
    ...(field.maxLength > 0 ? { max_length: String(field.maxLength) } : {}),
    ...(field.maxCapacity > 0 ? { max_capacity: String(field.maxCapacity) } : {}),
    ...field.params,
  };
}

function encodeDefault(type: DataType, value: DefaultValue): ProtoObject {
  if (typeof value === 'boolean') return { bool_data: value };
  if (typeof value === 'string') return { string_data: value };
  if (type === dataTypes.Int64) return { long_data: BigInt(value) };
  if (type === dataTypes.Float) return { float_data: Number(value) };
  if (type === dataTypes.Double) return { double_data: Number(value) };
  return { int_data: Number(value) };
}

/** A record as a repeated KeyValuePair. */
export function encodePairs(pairs: Readonly<Record<string, string>>): ProtoObject[] {
  return Object.entries(pairs).map(([key, value]) => ({ key, value }));
}
