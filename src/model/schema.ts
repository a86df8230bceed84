// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A collection's schema as plain data. Field ids are per collection, count up from 100 and are
// never reused; 0 is the row id, 1 the timestamp, 2 the dynamic field $meta.

import { DbError } from '../core/index.ts';
import type { DataType } from './data-type.ts';

export const rowIdFieldId = 0;
export const timestampFieldId = 1;
export const metaFieldId = 2;
export const metaFieldName = '$meta';
export const firstUserFieldId = 100;

export type DefaultValue = boolean | number | string | bigint;

export interface FieldSchema {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly type: DataType;
  /** Element type of an Array, else null. */
  readonly elementType: DataType | null;
  /** Vector dimension, 0 for the others. */
  readonly dim: number;
  /** VarChar bytes, 0 for the others. */
  readonly maxLength: number;
  /** Array elements, 0 for the others. */
  readonly maxCapacity: number;
  readonly primaryKey: boolean;
  readonly autoId: boolean;
  readonly nullable: boolean;
  readonly partitionKey: boolean;
  readonly clusteringKey: boolean;
  /** The dynamic field $meta itself. */
  readonly dynamic: boolean;
  readonly defaultValue: DefaultValue | null;
  /** Type parameters that the user gave and we do not interpret; echoed by describe. */
  readonly params: Readonly<Record<string, string>>;
}

export interface CollectionSchema {
  readonly name: string;
  readonly description: string;
  /** User fields in creation order; $meta (if any) is not among them. */
  readonly fields: readonly FieldSchema[];
  readonly dynamic: boolean;
  /** Counts schema changes from 0. */
  readonly version: number;
  /** Next field id to give. */
  readonly nextFieldId: number;
}

/** $meta as a field, present in every batch of a dynamic collection. */
export const metaField: FieldSchema = {
  id: metaFieldId,
  name: metaFieldName,
  description: '',
  type: 23,
  elementType: null,
  dim: 0,
  maxLength: 0,
  maxCapacity: 0,
  primaryKey: false,
  autoId: false,
  nullable: false,
  partitionKey: false,
  clusteringKey: false,
  dynamic: true,
  defaultValue: null,
  params: {},
};

export function primaryKeyOf(schema: CollectionSchema): FieldSchema {
  const field = schema.fields.find((candidate) => candidate.primaryKey);
  if (field === undefined)
    throw new DbError({
      code: 'schema-invalid',
      message: `schema ${schema.name} has no primary key`,
    });
  return field;
}

export function fieldByName(schema: CollectionSchema, name: string): FieldSchema | null {
  if (schema.dynamic && name === metaFieldName) return metaField;
  return schema.fields.find((field) => field.name === name) ?? null;
}

export function fieldById(schema: CollectionSchema, id: number): FieldSchema | null {
  if (schema.dynamic && id === metaFieldId) return metaField;
  return schema.fields.find((field) => field.id === id) ?? null;
}

/** The schema as native/segment/schema.h compiles it: JSON, ascending field ids, $meta included. */
export function schemaToNativeJson(schema: CollectionSchema): string {
  const fields = [...(schema.dynamic ? [metaField] : []), ...schema.fields].sort(
    (a, b) => a.id - b.id,
  );
  return JSON.stringify({
    version: schema.version,
    dynamic: schema.dynamic,
    fields: fields.map((field) => ({
      id: field.id,
      name: field.name,
      type: field.type,
      elementType: field.elementType ?? 0,
      dim: field.dim,
      maxLength: field.maxLength,
      maxCapacity: field.maxCapacity,
      primaryKey: field.primaryKey,
      autoId: field.autoId,
      nullable: field.nullable,
      partitionKey: field.partitionKey,
      dynamic: field.dynamic,
      // As text, so that int64 stays exact; null when there is none.
      default: field.defaultValue === null ? null : String(field.defaultValue),
    })),
  });
}
