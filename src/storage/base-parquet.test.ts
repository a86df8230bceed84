// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rows to Parquet and back: the same bytes again, and the columns as any reader sees them.

import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { expect, test } from 'vitest';
import { sampleBatch, sampleSchema } from '../../test/sim/sample-segment.ts';
import { at } from '../core/index.ts';
import { encodeRowBatch, schemaToNativeJson } from '../model/index.ts';
import { decodeBaseParquet, encodeBaseParquet } from './base-parquet.ts';

test.each([1, 7, 8, 1_000, 40_000])('%i rows come back as the same bytes', async (rowCount) => {
  const batch = encodeRowBatch(sampleBatch(rowCount));
  const json = schemaToNativeJson(sampleSchema);
  const parquet = await encodeBaseParquet(batch, json);
  expect(Buffer.compare(await decodeBaseParquet(parquet, json), batch)).toBe(0);
});

test('columns go by name, with field ids, key and timestamp first', async () => {
  const parquet = await encodeBaseParquet(
    encodeRowBatch(sampleBatch(100)),
    schemaToNativeJson(sampleSchema),
  );
  const table = tableFromIPC(readParquet(parquet).intoIPCStream());
  const columns = table.schema.fields.map((field) => [
    field.name,
    field.metadata.get('PARQUET:field_id'),
  ]);
  expect(columns).toEqual([
    ['id', '100'],
    ['$timestamp', '1'],
    ['$meta', '2'],
    ['flag', '102'],
    ['tiny', '103'],
    ['small', '104'],
    ['whole', '105'],
    ['single', '106'],
    ['double', '107'],
    ['title', '108'],
    ['extra', '109'],
  ]);
  const row = table.get(3);
  expect(row === null ? null : [row['id'], row['title'], row['flag'], row['whole']]).toEqual([
    3n,
    'title 3 ✓',
    true,
    -3_000,
  ]);
  expect(at(table.schema.fields, 0).nullable).toBe(false);
});

test('a column that no field has is refused', async () => {
  const parquet = await encodeBaseParquet(
    encodeRowBatch(sampleBatch(5)),
    schemaToNativeJson(sampleSchema),
  );
  const fields = sampleSchema.fields.filter((field) => field.name !== 'title');
  const json = schemaToNativeJson({ ...sampleSchema, fields });
  await expect(decodeBaseParquet(parquet, json)).rejects.toMatchObject({ code: 'corrupt' });
});
