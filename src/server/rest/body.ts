// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Reads members of a REST body with the error that Milvus gives when one is missing or wrong.

import { DbError } from '../../core/index.ts';
import { consistencyLevels } from '../../model/index.ts';
import type { ConsistencyLevel } from '../../model/index.ts';
import type { ReadConsistency, TemplateValue } from '../../service/index.ts';
import { restCodes } from '../status.ts';
import { JsonObject, type JsonValue } from './json.ts';

/** A refusal that only REST knows, with a number of its own. */
export class RestError extends DbError {
  readonly restCode: number;

  constructor(restCode: number, message: string) {
    super({ code: 'parameter-invalid', message });
    this.name = 'RestError';
    this.restCode = restCode;
  }
}

/** What kind of value it is, for messages. */
export function jsonKind(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof JsonObject) return 'an object';
  if (typeof value === 'bigint') return `integer ${value}`;
  return `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}

function wrongKind(key: string, expected: string, value: JsonValue | undefined): DbError {
  return new DbError({
    code: 'parameter-invalid',
    field: key,
    expected,
    received: jsonKind(value),
  });
}

/** The member, or the error 1802 that names it. */
export function required(body: JsonObject, key: string): JsonValue {
  const value = body.get(key);
  if (value === undefined || value === null || value === '') {
    throw new RestError(
      restCodes.missingParameters,
      `missing required parameters, error: field ${key} is required`,
    );
  }
  return value;
}

export function requiredText(body: JsonObject, key: string): string {
  const value = required(body, key);
  if (typeof value !== 'string') throw wrongKind(key, 'text', value);
  return value;
}

export function text(body: JsonObject, key: string, fallback = ''): string {
  const value = body.get(key) ?? fallback;
  if (typeof value !== 'string') throw wrongKind(key, 'text', value);
  return value;
}

export function flag(body: JsonObject, key: string, fallback: boolean): boolean {
  const value = body.get(key) ?? fallback;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(true|false)$/i.test(value))
    return value.toLowerCase() === 'true';
  throw wrongKind(key, 'true or false', value);
}

export function integer(body: JsonObject, key: string, fallback: number): number {
  const value = body.get(key) ?? fallback;
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number))
    throw wrongKind(key, 'an integer', value);
  return number;
}

export function texts(body: JsonObject, key: string): readonly string[] {
  const value = body.get(key) ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw wrongKind(key, 'a list of texts', value);
  }
  return value;
}

function list(body: JsonObject, key: string): readonly JsonValue[] {
  const value = body.get(key) ?? [];
  if (!Array.isArray(value)) throw wrongKind(key, 'a list', value);
  return value;
}

export function object(body: JsonObject, key: string): JsonObject | null {
  const value = body.get(key) ?? null;
  if (value !== null && !(value instanceof JsonObject)) throw wrongKind(key, 'an object', value);
  return value;
}

/** A list of objects; 1802 names the place of one that is none. */
export function objects(body: JsonObject, key: string): readonly JsonObject[] {
  return list(body, key).map((item, i) => {
    if (!(item instanceof JsonObject)) throw wrongKind(`${key}[${i}]`, 'an object', item);
    return item;
  });
}

/** An object's members as text, the way parameters are kept. */
export function textMembers(params: JsonObject | null): Record<string, string> {
  if (params === null) return {};
  return Object.fromEntries([...params.keys()].map((key) => [key, textOf(params, key)]));
}

function textOf(params: JsonObject, key: string): string {
  const value = params.get(key);
  return typeof value === 'string' ? value : params.raw(key);
}

/** A level by name, as REST writes it; null = the collection's own. */
export function consistency(body: JsonObject): ReadConsistency {
  const name = text(body, 'consistencyLevel');
  return { level: name === '' ? null : levelByName(name), guarantee: 0n };
}

export function levelByName(name: string): ConsistencyLevel {
  for (const [known, level] of Object.entries(consistencyLevels)) if (known === name) return level;
  throw new DbError({
    code: 'parameter-invalid',
    field: 'consistencyLevel',
    expected: Object.keys(consistencyLevels).join(', '),
    received: name,
  });
}

/** exprParams as template values. */
export function templates(body: JsonObject): ReadonlyMap<string, TemplateValue> {
  const params = object(body, 'exprParams');
  const values = new Map<string, TemplateValue>();
  for (const key of params?.keys() ?? []) values.set(key, templateValue(key, params?.get(key)));
  return values;
}

function templateValue(key: string, value: JsonValue | undefined): TemplateValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => templateValue(key, item));
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint')
    return value;
  throw wrongKind(`exprParams.${key}`, 'a number, a text, a bool or a list', value);
}
