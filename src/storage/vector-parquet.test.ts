// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The vector file: golden bytes of a tiny one, read back by its own footer and by a Parquet
// library that knows nothing of us.

import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { describe, expect, test } from 'vitest';
import { SimDisk } from '../../test/sim/sim-disk.ts';
import { at, DbError, seededRandom } from '../core/index.ts';
import { dataTypes } from '../model/index.ts';
import {
  readVectorParquetLayout,
  vectorDataOffsetBytes,
  vectorParquetFrame,
} from './vector-parquet.ts';

const field = { id: 101, name: 'embedding', type: dataTypes.FloatVector, dim: 3 };

function fileOf(rows: Uint8Array, rowBytes: number): Uint8Array {
  const { head, tail } = vectorParquetFrame(field, rowBytes, rows.byteLength / rowBytes);
  return new Uint8Array(Buffer.concat([head, rows, tail]));
}

async function onDisk(bytes: Uint8Array): Promise<SimDisk> {
  const disk = new SimDisk({ random: seededRandom(1), clock: null, latencyMs: 0 });
  const file = await disk.open('vec.parquet', { create: true });
  await file.write(0, [bytes]);
  return disk;
}

test('golden bytes', () => {
  const bytes = fileOf(new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer), 12);
  const hex = (from: number, until?: number): string =>
    Buffer.from(bytes.slice(from, until)).toString('hex');
  expect(hex(0, 4)).toBe('50415231');
  expect(hex(4096, 4096 + 24)).toBe('0000803f0000004000004040000080400000a0400000c040');
  expect(hex(4096 - 17, 4096)).toBe('1500153015302c15041500150615060000');
  expect(hex(4096 + 24)).toBe(
    '1502192c4806736368656d61150200150e151815001809656d62656464696e6755ca01001604191c' +
      '191c26de3f1c150e19250006191809656d62656464696e67150016041652165226de3f0000165216' +
      '0400192c180b6469707065722e74797065180331303100180a6469707065722e64696d1801330018' +
      '06646970706572008000000050415231',
  );
  expect(bytes.slice(4, 4096 - 17).every((byte) => byte === 0)).toBe(true);
});

test.each([1, 2, 1_000, 40_000])(
  'a Parquet library reads %i rows as they are',
  async (rowCount) => {
    const rows = seededRandom(rowCount).bytes(12 * rowCount);
    const bytes = fileOf(rows, 12);
    const table = tableFromIPC(readParquet(bytes).intoIPCStream());
    expect(table.numRows).toBe(rowCount);
    const column = at(table.schema.fields, 0);
    expect([column.name, String(column.type), column.nullable]).toEqual([
      'embedding',
      'FixedSizeBinary[12]',
      false,
    ]);
    expect(column.metadata.get('PARQUET:field_id')).toBe('101');
    const values = table.data.map((batch) => at(batch.children, 0).values as Uint8Array);
    expect(Buffer.compare(Buffer.concat(values), rows)).toBe(0);
  },
);

test('the footer says where the rows are', async () => {
  const disk = await onDisk(fileOf(new Uint8Array(120), 12));
  expect(await readVectorParquetLayout(disk, 'vec.parquet')).toEqual({
    fieldId: 101,
    rowBytes: 12,
    rowCount: 10,
    dataOffsetBytes: vectorDataOffsetBytes,
  });
});

describe('damage', () => {
  test('a footer cut or flipped anywhere is refused or read, never worse', async () => {
    const bytes = fileOf(new Uint8Array(120), 12);
    const footerStart = vectorDataOffsetBytes + 120;
    for (let offset = footerStart; offset < bytes.byteLength; offset++) {
      const flipped = bytes.slice();
      flipped[offset] = at(flipped, offset) ^ 0x55;
      for (const damaged of [flipped, bytes.slice(0, offset)]) {
        const disk = await onDisk(damaged);
        const result = readVectorParquetLayout(disk, 'vec.parquet').then(
          () => 'read',
          (thrown: unknown) => DbError.from(thrown).code,
        );
        expect(['read', 'corrupt']).toContain(await result);
      }
    }
  });

  test('more than one page can hold is refused', () => {
    expect(() => vectorParquetFrame(field, 4_096, 600_000)).toThrow(/at most/);
  });
});
