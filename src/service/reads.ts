// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What search and query share: filter text to program, consistency to pins, output names to field
// ids. A pin holds one shard's view at one timestamp and belongs to one native call, which gives it
// back; a pin that is never handed to a call is given back here.

import { type CatalogMirror, shardReaderAddress } from '../../actors/index.ts';
import { DbError } from '../core/index.ts';
import { safeTimeWaitMs } from '../core/limits.ts';
import {
  compileFilter,
  type CompiledFilter,
  type TemplateValue as ExprTemplate,
} from '../expr/index.ts';
import {
  type CollectionMeta,
  type CollectionSchema,
  consistencyLevels,
  isVectorType,
  metaFieldId,
  metaFieldName,
  type Timestamp,
  timestampToMs,
} from '../model/index.ts';
import type { ReadConsistency, TemplateValue } from './api.ts';
import type { ServiceDeps } from './deps.ts';

/** Compiles a filter; an empty one gives null, which means every row. */
export function filterOf(
  schema: CollectionSchema,
  text: string,
  templates: ReadonlyMap<string, TemplateValue>,
): CompiledFilter | null {
  if (text.trim() === '') return null;
  return compileFilter(
    text,
    schema,
    new Map([...templates].map(([name, value]) => [name, exprTemplate(value)])),
  );
}

function exprTemplate(value: TemplateValue): ExprTemplate {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'bool', value };
    case 'bigint':
      return { kind: 'int64', value };
    case 'number':
      return { kind: 'double', value };
    case 'string':
      return { kind: 'string', value };
    default:
      return { kind: 'array', values: value.map(exprTemplate) };
  }
}

/**
 * Pins every shard of a collection. Without a guarantee timestamp the pins are at each shard's safe
 * time, which covers every acknowledged write: that is Strong, and it never waits. With one (Session,
 * Customized) a shard is waited for until it applied that much.
 */
export async function pinShards(
  deps: ServiceDeps,
  collection: CollectionMeta,
  consistency: ReadConsistency,
): Promise<Float64Array> {
  checkLoaded(deps.mirror, collection);
  const level = consistency.level ?? collection.consistency;
  const guarded = level === consistencyLevels.Session || level === consistencyLevels.Customized;
  const timestamp = guarded ? consistency.guarantee : 0n;
  // One is the wire's word for "whatever is there".
  if (timestamp > 1n) await reach(deps, collection, timestamp);
  const pins: number[] = [];
  for (const shardId of collection.shardIds) {
    const pin = deps.native.pinLatest(
      deps.mirror.shard(shardId),
      deps.hybridClock,
      deps.clock.nowMs(),
    );
    if (pin <= 0) {
      for (const held of pins) deps.native.unpinView(held);
      throw notLoaded(collection);
    }
    pins.push(pin);
  }
  return Float64Array.from(pins);
}

/** Waits until every shard applied what was stamped up to a timestamp. */
async function reach(
  deps: ServiceDeps,
  collection: CollectionMeta,
  timestamp: Timestamp,
): Promise<void> {
  const { clock, hybridClock, native } = deps;
  const now = native.clockNext(hybridClock, clock.nowMs());
  if (timestamp > now) {
    const aheadMs = timestampToMs(timestamp) - timestampToMs(now) + 1;
    if (aheadMs > safeTimeWaitMs) {
      throw new DbError({
        code: 'timeout',
        field: 'guarantee_timestamp',
        expected: `at most ${safeTimeWaitMs} ms ahead`,
        received: `${aheadMs} ms ahead`,
      });
    }
    await new Promise<void>((resolve) => void clock.timer(aheadMs, resolve));
  }
  await withTimeout(
    deps,
    Promise.all(
      collection.shardIds.map((shardId) =>
        deps.system.ask(shardReaderAddress(shardId), { type: 'wait', timestamp }),
      ),
    ),
  );
}

function withTimeout(deps: ServiceDeps, work: Promise<unknown>): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const cancel = deps.clock.timer(safeTimeWaitMs, () => {
      reject(
        new DbError({
          code: 'timeout',
          message: `writes were not applied within ${safeTimeWaitMs} ms`,
        }),
      );
    });
    work.then(
      () => {
        cancel();
        resolve();
      },
      (thrown: unknown) => {
        cancel();
        reject(DbError.from(thrown));
      },
    );
  });
}

export function checkLoaded(mirror: CatalogMirror, collection: CollectionMeta): void {
  if (!mirror.isLoaded(collection)) throw notLoaded(collection);
}

function notLoaded(collection: CollectionMeta): DbError {
  return new DbError({
    code: 'collection-not-loaded',
    message: `collection not loaded[database=${collection.database}][collection=${collection.schema.name}]`,
  });
}

export interface ResolvedOutput {
  readonly fieldIds: Uint32Array;
  readonly names: readonly string[];
  readonly dynamicKeys: readonly string[] | null;
}

/** Names as asked (fields, dynamic keys, '*') to field ids; always with `forced` fields first. */
export function resolveOutput(
  schema: CollectionSchema,
  asked: readonly string[],
  forced: readonly number[],
): ResolvedOutput {
  const ids = new Set<number>(forced);
  const names: string[] = [];
  const keys: string[] = [];
  let wholeMeta = false;
  const add = (id: number, name: string): void => {
    ids.add(id);
    if (!names.includes(name)) names.push(name);
  };
  for (const name of asked) {
    const field = schema.fields.find((candidate) => candidate.name === name);
    if (name === '*') {
      for (const each of schema.fields) add(each.id, each.name);
      if (schema.dynamic) wholeMeta = true;
    } else if (field !== undefined) add(field.id, field.name);
    else if (schema.dynamic && name === metaFieldName) wholeMeta = true;
    else if (schema.dynamic) {
      keys.push(name);
      if (!names.includes(name)) names.push(name);
    } else
      throw new DbError({ code: 'field-unknown', field: name, message: `field ${name} not exist` });
  }
  if (wholeMeta && !names.includes(metaFieldName)) names.push(metaFieldName);
  if (wholeMeta || keys.length > 0) ids.add(metaFieldId);
  return { fieldIds: Uint32Array.from(ids), names, dynamicKeys: wholeMeta ? null : keys };
}

/** The vector field of a name, or the only one. Throws field-unknown. */
export function vectorField(
  schema: CollectionSchema,
  name: string,
): CollectionSchema['fields'][number] {
  const vectors = schema.fields.filter((field) => isVectorType(field.type));
  const found =
    name === ''
      ? vectors.length === 1
        ? vectors[0]
        : undefined
      : vectors.find((field) => field.name === name);
  if (found !== undefined) return found;
  const message =
    name === ''
      ? `multiple anns_fields exist, please specify an anns_field in search_params: ${vectors.map((field) => field.name).join(', ')}`
      : `failed to create query plan: failed to get field schema by name: fieldName(${name}) not found`;
  throw new DbError({ code: 'field-unknown', field: name, message });
}
