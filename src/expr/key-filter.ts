// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Primary keys and filters meet twice: a filter that only names keys is answered by look-ups
// instead of a scan, and a list of keys (get, delete by ids) becomes a program without any text.

import type { PrimaryKeys } from '../../native/index.ts';
import { at, DbError } from '../core/index.ts';
import { type CollectionSchema, dataTypes, primaryKeyOf } from '../model/index.ts';
import { intSet, stringSet } from './bind-set.ts';
import type { BoundPredicate, BoundValue, ValueSet } from './bound.ts';

/** The keys of a filter that is exactly `pk == x` or `pk in [...]`, each once; else null. */
export function keysOfPredicate(predicate: BoundPredicate): PrimaryKeys | null {
  if (predicate.kind === 'in' && isKeyColumn(predicate.value))
    return keysOfSet(predicate.value, predicate.set);
  if (predicate.kind !== 'compare' || predicate.op !== 'equal') return null;
  const { left, right } = predicate;
  if (right.kind !== 'const' || !isKeyColumn(left)) return null;
  if (right.type === 'int') return { kind: 'int64', values: BigInt64Array.of(right.value) };
  return right.type === 'string' ? encodeKeys([right.value]) : null;
}

/** The predicate `pk in keys`. */
export function predicateOfKeys(schema: CollectionSchema, keys: PrimaryKeys): BoundPredicate {
  const field = primaryKeyOf(schema);
  const isInt = field.type === dataTypes.Int64;
  if (isInt !== (keys.kind === 'int64')) {
    throw new DbError({
      code: 'field-type',
      field: field.name,
      expected: isInt ? 'Int64 keys' : 'VarChar keys',
      received: keys.kind,
    });
  }
  const set = keys.kind === 'int64' ? intSet(keys.values) : stringSet(decodeKeys(keys));
  return { kind: 'in', value: { kind: 'column', type: isInt ? 'int' : 'string', field }, set };
}

function isKeyColumn(value: BoundValue): boolean {
  return value.kind === 'column' && value.field.primaryKey;
}

function keysOfSet(column: BoundValue, set: ValueSet): PrimaryKeys {
  return column.type === 'int' ? { kind: 'int64', values: set.ints } : encodeKeys(set.strings);
}

function encodeKeys(keys: readonly string[]): PrimaryKeys {
  const encoded = keys.map((key) => Buffer.from(key));
  const offsets = new Uint32Array(keys.length + 1);
  encoded.forEach((key, i) => {
    offsets[i + 1] = at(offsets, i) + key.byteLength;
  });
  return { kind: 'varchar', offsets, bytes: new Uint8Array(Buffer.concat(encoded)) };
}

function decodeKeys(keys: PrimaryKeys & { kind: 'varchar' }): string[] {
  const decoder = new TextDecoder();
  const count = Math.max(0, keys.offsets.length - 1);
  return Array.from({ length: count }, (_, i) =>
    decoder.decode(keys.bytes.subarray(at(keys.offsets, i), at(keys.offsets, i + 1))),
  );
}
