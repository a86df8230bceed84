// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Checks what a user asks a collection to be and gives it its ids. Each refusal names the field,
// what was expected and what came.

import { DbError } from '../core/index.ts';
import {
  fieldCountMax,
  nameBytesMax,
  varcharLengthMax,
  vectorDimMax,
  vectorDimMin,
  vectorFieldCountMax,
} from '../core/limits.ts';
import {
  type CollectionSchema,
  type DataType,
  dataTypeName,
  dataTypes,
  type FieldSchema,
  firstUserFieldId,
  isDataType,
  isVectorType,
  metaFieldName,
} from '../model/index.ts';
import type { CreateCollectionRequest, FieldRequest } from './api.ts';

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const reservedFieldNames = new Set([
  'RowID',
  'Timestamp',
  metaFieldName,
  '$namespace_id',
  '__virtual_pk__',
]);

/** Types that rows can have today; the others of the enum are refused by name. */
const supportedTypes = new Set<DataType>([
  dataTypes.Bool,
  dataTypes.Int8,
  dataTypes.Int16,
  dataTypes.Int32,
  dataTypes.Int64,
  dataTypes.Float,
  dataTypes.Double,
  dataTypes.VarChar,
  dataTypes.JSON,
  dataTypes.FloatVector,
]);

export function newSchema(request: CreateCollectionRequest): CollectionSchema {
  checkName('collection name', request.collection);
  if (request.fields.length === 0) throw invalid('schema', 'at least one field', 'none');
  if (request.fields.length > fieldCountMax)
    throw invalid('schema', `at most ${fieldCountMax} fields`, request.fields.length);
  const names = new Set<string>();
  const fields = request.fields.map((field, i) => {
    if (names.has(field.name))
      throw invalid(field.name, 'each field name once', 'a duplicated field name');
    names.add(field.name);
    return newField(field, firstUserFieldId + i);
  });
  checkKey(fields);
  const vectorCount = fields.filter((field) => isVectorType(field.type)).length;
  if (vectorCount === 0) throw invalid('schema', 'at least one vector field', 'none');
  if (vectorCount > vectorFieldCountMax)
    throw invalid('schema', `at most ${vectorFieldCountMax} vector fields`, vectorCount);
  return {
    name: request.collection,
    description: request.description,
    fields,
    dynamic: request.dynamic,
    version: 0,
    nextFieldId: firstUserFieldId + fields.length,
  };
}

/** Throws name-invalid. */
export function checkName(what: string, name: string): void {
  const sizeBytes = Buffer.byteLength(name);
  if (sizeBytes === 0 || sizeBytes > nameBytesMax || !namePattern.test(name)) {
    throw new DbError({
      code: 'name-invalid',
      field: what,
      expected: `1 to ${nameBytesMax} letters, digits and underscores, not a digit first`,
      received: name === '' ? 'an empty name' : name,
      message: `Invalid ${what}: ${name}. the first character of a ${what} must be an underscore or letter, the rest letters, digits and underscores, at most ${nameBytesMax} bytes`,
    });
  }
}

function newField(request: FieldRequest, id: number): FieldSchema {
  const { name, type } = request;
  checkName('field name', name);
  if (reservedFieldNames.has(name)) throw invalid(name, 'a name that is not reserved', name);
  if (!isDataType(type) || !supportedTypes.has(type)) {
    const supported = [...supportedTypes].map((known) => dataTypeName(known)).join(', ');
    throw invalid(name, `a type of ${supported}`, dataTypeName(type) ?? `type ${type}`);
  }
  if (request.partitionKey) throw unsupported(name, 'partition keys');
  if (request.clusteringKey) throw unsupported(name, 'clustering keys');
  if (isVectorType(type) && request.nullable) throw unsupported(name, 'nullable vectors');
  return {
    id,
    name,
    description: request.description,
    type,
    elementType: null,
    dim: isVectorType(type) ? intParam(request, 'dim', vectorDimMin, vectorDimMax) : 0,
    maxLength:
      type === dataTypes.VarChar ? intParam(request, 'max_length', 1, varcharLengthMax) : 0,
    maxCapacity: 0,
    primaryKey: request.primaryKey,
    autoId: request.autoId,
    nullable: request.nullable,
    partitionKey: false,
    clusteringKey: false,
    dynamic: false,
    defaultValue: request.defaultValue,
    params: request.params,
  };
}

function checkKey(fields: readonly FieldSchema[]): void {
  const keys = fields.filter((field) => field.primaryKey);
  const key = keys[0];
  if (key === undefined) throw invalid('schema', 'a primary key', 'no field with is_primary');
  if (keys.length > 1) throw invalid(keys[1]?.name ?? '', 'one primary key', `${keys.length}`);
  if (key.type !== dataTypes.Int64 && key.type !== dataTypes.VarChar) {
    throw invalid(key.name, 'a primary key of type Int64 or VarChar', dataTypeName(key.type) ?? '');
  }
  if (key.nullable) throw invalid(key.name, 'a primary key that is not nullable', 'nullable');
  if (key.defaultValue !== null)
    throw invalid(key.name, 'a primary key without a default', 'a default value');
  const other = fields.find((field) => field.autoId && !field.primaryKey);
  if (other !== undefined) throw invalid(other.name, 'autoID on the primary key only', 'autoID');
}

function intParam(request: FieldRequest, param: string, min: number, max: number): number {
  const text = request.params[param];
  const value = Number(text);
  if (
    text !== undefined &&
    text.trim() !== '' &&
    Number.isInteger(value) &&
    value >= min &&
    value <= max
  )
    return value;
  throw new DbError({
    code: 'schema-invalid',
    field: request.name,
    expected: `${param} in [${min}, ${max}]`,
    received: text ?? 'none',
    message: `type param(${param}) of field ${request.name} should be specified as an integer in [${min}, ${max}], received ${text ?? 'none'}`,
  });
}

function invalid(field: string, expected: string, received: string | number): DbError {
  return new DbError({ code: 'schema-invalid', field, expected, received });
}

function unsupported(field: string, what: string): DbError {
  return new DbError({
    code: 'unimplemented',
    field,
    message: `field ${field}: ${what} are not supported by this version`,
  });
}
