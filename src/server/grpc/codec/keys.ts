// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Primary keys in replies: as IDs, and as a column of hits when the user asked for the key field.

import { at } from '../../../core/index.ts';
import type { PrimaryKeys } from '../../../../native/index.ts';
import { type BatchColumn, dataTypes } from '../../../model/index.ts';
import type { WireWriter } from '../wire/writer.ts';
import { writePackedInt64 } from './field-data.ts';

const idSlots = { int: 1, string: 2 } as const;

export function keyCount(keys: PrimaryKeys): number {
  return keys.kind === 'int64' ? keys.values.length : keys.offsets.length - 1;
}

/** Writes IDs as field `slot` of the open message; the oneof is set even for no keys. */
export function writeIds(writer: WireWriter, slot: number, keys: PrimaryKeys): void {
  if (keys.kind === 'int64') {
    const bytes = int64Bytes(keys.values);
    writer.open(slot, bytes.byteLength);
    writer.open(idSlots.int, bytes.byteLength);
    writer.open(1, bytes.byteLength);
    writePackedInt64(writer, bytes);
    writer.close();
  } else {
    const estimateBytes = keys.bytes.byteLength + 2 * keyCount(keys);
    writer.open(slot, estimateBytes);
    writer.open(idSlots.string, estimateBytes);
    for (let row = 0; row < keyCount(keys); row++) {
      writer.slice(1, keys.bytes, at(keys.offsets, row), at(keys.offsets, row + 1));
    }
  }
  writer.close();
  writer.close();
}

/** Keys as a batch column, so that they can be shown like any other field. */
export function keyColumn(keys: PrimaryKeys, fieldId: number): BatchColumn {
  const base = { fieldId, elementType: null, dim: 0, nullCount: 0, validity: null };
  return keys.kind === 'int64'
    ? { ...base, type: dataTypes.Int64, offsets: null, data: int64Bytes(keys.values) }
    : { ...base, type: dataTypes.VarChar, offsets: keys.offsets, data: keys.bytes };
}

function int64Bytes(values: BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
