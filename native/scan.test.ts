// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The insert scanner against requests that a general protobuf encoder made: what arrives, and how
// each kind of bad input is refused. A refused request must not have allocated anything.

import { createRequire } from 'node:module';

import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';

import { DbError } from '../src/core/index.ts';
import { decodeLogBody, encodeLogBody } from '../src/model/log-body.ts';
import {
  columnOf,
  decodeRowBatch,
  encodeRowBatch,
  isPresent,
  type RowBatch,
} from '../src/model/row-batch.ts';
import { type CollectionSchema, schemaToNativeJson } from '../src/model/schema.ts';
import { native, type ScanOptions, type ScanResult } from './index.ts';
import { bytesOf, fieldOf, sampleRows, sampleSchema, schemaOf, textColumn } from './test/sample.ts';

const protoJson: unknown = createRequire(import.meta.url)(
  '@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.base.js',
);
const root = protobuf.Root.fromJSON(
  Reflect.get(protoJson as object, 'default') as protobuf.INamespace,
);
const InsertRequest = root.lookupType('milvus.proto.milvus.InsertRequest');

type Column = Record<string, unknown>;

function request(numRows: number, fieldsData: readonly Column[]): Uint8Array {
  const message = InsertRequest.fromObject({ collectionName: 'sample', numRows, fieldsData });
  // protobufjs gives a view into a pool; the scanner takes any alignment.
  return InsertRequest.encode(message).finish();
}

const longs = (
  fieldName: string,
  data: readonly (number | string)[],
  rest: Column = {},
): Column => ({
  type: 5,
  fieldName,
  scalars: { longData: { data } },
  ...rest,
});
const texts = (fieldName: string, data: readonly string[], rest: Column = {}): Column => ({
  type: 21,
  fieldName,
  scalars: { stringData: { data } },
  ...rest,
});
const ints = (
  fieldName: string,
  type: number,
  data: readonly number[],
  rest: Column = {},
): Column => ({
  type,
  fieldName,
  scalars: { intData: { data } },
  ...rest,
});
const vectors = (
  fieldName: string,
  dim: number,
  data: readonly number[],
  rest: Column = {},
): Column => ({
  type: 101,
  fieldName,
  vectors: { dim, floatVector: { data } },
  ...rest,
});
const json = (fieldName: string, data: readonly string[], rest: Column = {}): Column => ({
  type: 23,
  fieldName,
  scalars: { jsonData: { data: data.map((text) => Buffer.from(text)) } },
  ...rest,
});

const options: ScanOptions = {
  partitionIds: Float64Array.of(7),
  shardCount: 1,
  firstAutoId: 1000n,
  headRoomBytes: 128,
};

function compile(schema: CollectionSchema): number {
  return native.compileSchema(schemaToNativeJson(schema), 1);
}

const allocate = (sizeBytes: number) => new Uint8Array(new SharedArrayBuffer(sizeBytes));

function scan(
  schema: CollectionSchema,
  bytes: Uint8Array,
  change: Partial<ScanOptions> = {},
): ScanResult {
  return native.scanInsert(compile(schema), bytes, { ...options, ...change }, allocate);
}

/** The one batch of a result that has one part of one section. */
function onlyBatch(result: ScanResult): RowBatch {
  expect(result.parts.length).toBe(1);
  const sections = decodeLogBody(result.parts[0]?.buffer.subarray(128) ?? new Uint8Array());
  expect(sections.length).toBe(1);
  return decodeRowBatch(sections[0]?.bytes ?? new Uint8Array());
}

function refusal(schema: CollectionSchema, bytes: Uint8Array): DbError {
  let allocated = 0;
  try {
    native.scanInsert(compile(schema), bytes, options, (sizeBytes) => {
      allocated++;
      return allocate(sizeBytes);
    });
  } catch (thrown) {
    expect(allocated).toBe(0);
    expect(thrown).toBeInstanceOf(DbError);
    return DbError.from(thrown);
  }
  expect.unreachable('the request was accepted');
}

const good = (): Column[] => [
  longs('id', [1, -2, '9007199254740993']),
  texts('name', ['a', '', 'ünï']),
  vectors('vector', 4, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
];

describe('scanInsert', () => {
  test('writes what the request holds', () => {
    const result = scan(sampleSchema(), request(3, good()));
    expect(result.rowCount).toBe(3);
    expect(result.keys.kind === 'int64' && [...result.keys.values]).toEqual([
      1n,
      -2n,
      9007199254740993n,
    ]);
    const batch = onlyBatch(result);
    const names = columnOf(batch, 101);
    expect([...(names?.offsets ?? [])]).toEqual([0, 1, 1, 6]);
    expect(Buffer.from(names?.data ?? []).toString()).toBe('aünï');
    const data = columnOf(batch, 102)?.data ?? new Uint8Array();
    expect([...new Float32Array(data.slice().buffer)]).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
  });

  test('takes columns in any order and gives shards the rows of their keys', () => {
    const keys = Array.from({ length: 200 }, (_, i) => i);
    const columns = [
      vectors(
        'vector',
        4,
        keys.flatMap((key) => [key, 0, 0, 0]),
      ),
      texts(
        'name',
        keys.map((key) => `n${key}`),
      ),
      longs('id', keys),
    ];
    const result = scan(sampleSchema(), request(200, columns), { shardCount: 4 });
    const shards = native.shardsOfKeys(result.keys, 4);
    const seen = new Map<number, number[]>();
    for (const part of result.parts) {
      const section = decodeLogBody(part.buffer.subarray(128))[0];
      const batch = decodeRowBatch(section?.bytes ?? new Uint8Array());
      const column = columnOf(batch, 100)?.data.slice() ?? new Uint8Array();
      const ids = [...new BigInt64Array(column.buffer)].map(Number);
      expect(ids.length).toBe(part.rowCount);
      expect(ids).toEqual(keys.filter((key) => shards[key] === part.shardIndex));
      const names = columnOf(batch, 101);
      expect(Buffer.from(names?.data ?? []).toString()).toBe(ids.map((id) => `n${id}`).join(''));
      seen.set(part.shardIndex, ids);
    }
    expect(seen.size).toBe(4);
  });

  test('spreads a partition key over partitions', () => {
    const schema = schemaOf(
      sampleSchema().fields.map((field) =>
        field.name === 'name' ? { ...field, partitionKey: true } : field,
      ),
      false,
    );
    const columns = [
      longs('id', [1, 2, 3, 4]),
      texts('name', ['x', 'y', 'x', 'z']),
      vectors('vector', 4, new Array<number>(16).fill(0)),
    ];
    const result = scan(schema, request(4, columns), { partitionIds: Float64Array.of(1, 2, 3) });
    const sections = decodeLogBody(result.parts[0]?.buffer.subarray(128) ?? new Uint8Array());
    const home = new Map<bigint, number>();
    for (const section of sections) {
      const data = columnOf(decodeRowBatch(section.bytes), 100)?.data.slice() ?? new Uint8Array();
      for (const key of new BigInt64Array(data.buffer)) home.set(key, section.partitionId);
    }
    expect(home.size).toBe(4);
    expect(home.get(1n)).toBe(home.get(3n));
  });

  test('gives out ids, defaults, nulls and empty dynamic objects', () => {
    const schema = schemaOf(
      [
        fieldOf({ id: 100, name: 'id', type: 21, maxLength: 20, primaryKey: true, autoId: true }),
        fieldOf({ id: 101, name: 'level', type: 3, defaultValue: 5 }),
        fieldOf({ id: 102, name: 'note', type: 21, maxLength: 9, nullable: true }),
        fieldOf({ id: 103, name: 'score', type: 11, nullable: true }),
        fieldOf({ id: 104, name: 'vector', type: 101, dim: 2, nullable: true }),
      ],
      true,
    );
    const result = scan(
      schema,
      request(3, [
        ints('level', 3, [-7], { validData: [false, true, false] }),
        texts('note', ['a', 'c'], { validData: [true, false, true] }),
        {
          type: 11,
          fieldName: 'score',
          scalars: { doubleData: { data: [1.5, 0, 2.5] } },
          validData: [true, false, true],
        },
        vectors('vector', 2, [1, 2], { validData: [false, false, true] }),
      ]),
    );
    expect(result.keys.kind === 'varchar' && Buffer.from(result.keys.bytes).toString()).toBe(
      '100010011002',
    );
    const batch = onlyBatch(result);
    const presentRows = (fieldId: number) => {
      const column = columnOf(batch, fieldId);
      return [0, 1, 2].map((row) => column !== null && isPresent(column, row));
    };
    expect([
      ...new Int16Array(columnOf(batch, 101)?.data.slice().buffer ?? new ArrayBuffer()),
    ]).toEqual([5, -7, 5]);
    expect(presentRows(101)).toEqual([true, true, true]);
    expect(presentRows(102)).toEqual([true, false, true]);
    expect(presentRows(103)).toEqual([true, false, true]);
    expect(presentRows(104)).toEqual([false, false, true]);
    expect([
      ...new Float32Array(columnOf(batch, 104)?.data.slice().buffer ?? new ArrayBuffer()),
    ]).toEqual([0, 0, 0, 0, 1, 2]);
    expect(Buffer.from(columnOf(batch, 2)?.data ?? []).toString()).toBe('{}{}{}');
  });

  test('keeps dynamic fields as they were sent', () => {
    const schema = schemaOf(sampleSchema().fields, true);
    const dynamic = ['{"a": 1}', '{}', '{"b":{"c":[1,2,"x"]}}'];
    const batch = onlyBatch(
      scan(schema, request(3, [...good(), json('$meta', dynamic, { isDynamic: true })])),
    );
    expect(Buffer.from(columnOf(batch, 2)?.data ?? []).toString()).toBe(dynamic.join(''));
  });

  test('reads lists that are not packed, or packed in pieces', () => {
    const writer = protobuf.Writer.create();
    const column = (
      type: number,
      name: string,
      kind: number,
      list: Uint8Array,
      isVector: boolean,
    ) => {
      const inner = protobuf.Writer.create();
      if (isVector) inner.uint32(8).uint64(4);
      inner.uint32((kind << 3) | 2).bytes(list);
      const field = protobuf.Writer.create().uint32(8).int32(type).uint32(18).string(name);
      field.uint32(((isVector ? 4 : 3) << 3) | 2).bytes(inner.finish());
      writer.uint32((5 << 3) | 2).bytes(field.finish());
    };
    column(
      5,
      'id',
      3,
      protobuf.Writer.create().uint32(8).int64(5).uint32(10).bytes(Uint8Array.of(6)).finish(),
      false,
    );
    column(
      21,
      'name',
      6,
      protobuf.Writer.create().uint32(10).string('p').uint32(10).string('q').finish(),
      false,
    );
    const floats = protobuf.Writer.create();
    for (let i = 0; i < 4; i++) floats.uint32(13).float(i);
    floats.uint32(10).bytes(bytesOf(Float32Array.of(4, 5, 6, 7)));
    column(101, 'vector', 2, floats.finish(), true);
    writer.uint32(7 << 3).uint32(2);
    const batch = onlyBatch(scan(sampleSchema(), writer.finish()));
    expect([
      ...new BigInt64Array(columnOf(batch, 100)?.data.slice().buffer ?? new ArrayBuffer()),
    ]).toEqual([5n, 6n]);
    expect([
      ...new Float32Array(columnOf(batch, 102)?.data.slice().buffer ?? new ArrayBuffer()),
    ]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('scanInsert refuses', () => {
  const wide = schemaOf(
    [
      ...sampleSchema().fields,
      fieldOf({ id: 110, name: 'small', type: 2 }),
      fieldOf({ id: 111, name: 'ratio', type: 10 }),
      fieldOf({ id: 112, name: 'doc', type: 23 }),
    ],
    true,
  );
  const extra = (): Column[] => [
    ints('small', 2, [1, 2, 3]),
    { type: 10, fieldName: 'ratio', scalars: { floatData: { data: [0, 1, 2] } } },
    json('doc', ['1', '[]', '{"a":null}']),
  ];
  const wideWith = (name: string, replacement: Column) =>
    request(
      3,
      [...good(), ...extra()].map((column) =>
        column['fieldName'] === name ? replacement : column,
      ),
    );

  test.each<[string, Uint8Array, CollectionSchema, Partial<DbError>]>([
    [
      'a missing column',
      request(3, good().slice(0, 2)),
      sampleSchema(),
      { code: 'field-missing', field: 'vector' },
    ],
    [
      'an unknown column',
      request(3, [...good(), longs('more', [1, 2, 3])]),
      sampleSchema(),
      { code: 'field-unknown', field: 'more' },
    ],
    [
      'dynamic data without a dynamic field',
      request(3, [...good(), json('', ['{}', '{}', '{}'], { isDynamic: true })]),
      sampleSchema(),
      { code: 'field-unknown' },
    ],
    [
      'a column twice',
      request(3, [...good(), longs('id', [1, 2, 3])]),
      sampleSchema(),
      { code: 'parameter-invalid', field: 'id' },
    ],
    [
      'another type',
      request(3, [texts('id', ['1', '2', '3']), ...good().slice(1)]),
      sampleSchema(),
      { code: 'field-type', field: 'id', expected: 'Int64', received: 'VarChar' },
    ],
    [
      'data of another type',
      request(3, [{ ...texts('id', ['1', '2', '3']), type: 5 }, ...good().slice(1)]),
      sampleSchema(),
      { code: 'field-type', field: 'id', received: 'string data' },
    ],
    [
      'too few rows',
      request(4, good()),
      sampleSchema(),
      {
        code: 'row-count',
        message: 'the num_rows (3) of field (id) is not equal to passed num_rows (4)',
      },
    ],
    ['no rows', request(0, []), sampleSchema(), { code: 'parameter-invalid', field: 'num_rows' }],
    ['rows that nothing backs', request(2 ** 31, []), sampleSchema(), { code: 'row-count' }],
    [
      'another dimension',
      request(3, [...good().slice(0, 2), vectors('vector', 3, new Array<number>(9).fill(0))]),
      sampleSchema(),
      { code: 'vector-dimension', field: 'vector', expected: '4', received: '3' },
    ],
    [
      'a vector too short',
      request(3, [...good().slice(0, 2), vectors('vector', 4, new Array<number>(11).fill(0))]),
      sampleSchema(),
      { code: 'vector-dimension', field: 'vector' },
    ],
    [
      'NaN in a vector',
      request(3, [...good().slice(0, 2), vectors('vector', 4, new Array<number>(12).fill(NaN))]),
      sampleSchema(),
      { code: 'value-nan', field: 'vector' },
    ],
    [
      'infinity in a float',
      wideWith('ratio', {
        type: 10,
        fieldName: 'ratio',
        scalars: { floatData: { data: [0, Infinity, 2] } },
      }),
      wide,
      { code: 'value-nan', field: 'ratio' },
    ],
    [
      'an int8 out of range',
      wideWith('small', ints('small', 2, [1, 128, 3])),
      wide,
      { code: 'value-range', field: 'small', expected: 'a value of Int8', received: '128' },
    ],
    [
      'a text too long',
      request(3, [good()[0] ?? {}, texts('name', ['', 'x'.repeat(65), '']), good()[2] ?? {}]),
      sampleSchema(),
      {
        code: 'value-length',
        field: 'name',
        expected: 'at most 64 bytes',
        received: '65 bytes in row 1',
      },
    ],
    [
      'JSON data in a text column',
      wideWith('name', { type: 21, fieldName: 'name', scalars: { jsonData: { data: [] } } }),
      wide,
      { code: 'field-type', field: 'name' },
    ],
    [
      'broken JSON',
      wideWith('doc', json('doc', ['1', '{"a":}', '2'])),
      wide,
      { code: 'value-json', field: 'doc' },
    ],
    [
      'JSON too large',
      wideWith('doc', json('doc', ['1', `"${'x'.repeat(65536)}"`, '2'])),
      wide,
      { code: 'value-json', field: 'doc', received: '65538 bytes in row 1' },
    ],
    [
      'JSON too deep',
      wideWith('doc', json('doc', ['1', '['.repeat(300) + ']'.repeat(300), '2'])),
      wide,
      { code: 'value-json', field: 'doc' },
    ],
    [
      'dynamic data that is no object',
      request(3, [...good(), ...extra(), json('$meta', ['{}', '[]', '{}'], { isDynamic: true })]),
      wide,
      { code: 'value-json', field: '$meta' },
    ],
    [
      'a null where none may be',
      request(3, [
        good()[0] ?? {},
        texts('name', ['a', 'b'], { validData: [true, false, true] }),
        good()[2] ?? {},
      ]),
      sampleSchema(),
      { code: 'field-null', field: 'name' },
    ],
    [
      'validity of another length',
      request(3, [
        good()[0] ?? {},
        texts('name', ['a', 'b', 'c'], { validData: [true, true] }),
        good()[2] ?? {},
      ]),
      sampleSchema(),
      { code: 'row-count', field: 'name' },
    ],
    [
      'bytes that are no protobuf',
      Uint8Array.of(0xff, 0xff, 0xff),
      sampleSchema(),
      { code: 'request-malformed' },
    ],
  ])('%s', (_, bytes, schema, expected) => {
    expect(refusal(schema, bytes)).toMatchObject(expected);
  });

  test('keys where ids are generated, and text that is not UTF-8', () => {
    const auto = schemaOf(
      sampleSchema().fields.map((field) => (field.primaryKey ? { ...field, autoId: true } : field)),
      false,
    );
    expect(refusal(auto, request(3, good()))).toMatchObject({
      code: 'parameter-invalid',
      field: 'id',
    });
    const bytes = Buffer.from(request(3, good()));
    const at = bytes.indexOf(Buffer.from('ünï'));
    bytes[at] = 0xff;
    expect(refusal(sampleSchema(), bytes)).toMatchObject({ code: 'value-utf8', field: 'name' });
  });

  test('a type that is not built yet, by its name', () => {
    const schema = schemaOf(
      [...sampleSchema().fields, fieldOf({ id: 120, name: 'bits', type: 100, dim: 8 })],
      false,
    );
    const column = {
      type: 100,
      fieldName: 'bits',
      vectors: { dim: 8, binaryVector: Buffer.from([1, 2, 3]) },
    };
    expect(refusal(schema, request(3, [...good(), column]))).toMatchObject({
      code: 'unimplemented',
      field: 'bits',
    });
  });

  test('damage of every kind without falling over', () => {
    const bytes = request(3, [...good(), ...extra()]);
    const schema = compile(wide);
    let refusedCount = 0;
    for (let round = 0; round < 3000; round++) {
      const damaged = Buffer.from(bytes);
      const at = (round * 7919) % damaged.length;
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (round % 8));
      const cut = round % 3 === 0 ? damaged.subarray(0, at) : damaged;
      try {
        native.scanInsert(schema, cut, options, allocate);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(DbError);
        refusedCount++;
      }
    }
    expect(refusedCount).toBeGreaterThan(1000);
  });
});

describe('scanBatch', () => {
  test('accepts rows and refuses what is wrong in them', () => {
    const schema = compile(sampleSchema());
    const result = native.scanBatch(
      schema,
      encodeRowBatch(sampleRows([4n, 5n])),
      options,
      allocate,
    );
    expect(onlyBatch(result)).toEqual(sampleRows([4n, 5n]));
    // Both writers of the layout give the same bytes, gaps included.
    const twin = encodeLogBody([{ kind: 1, partitionId: 7, batch: sampleRows([4n, 5n]) }], 128);
    expect(result.parts[0]?.buffer).toEqual(twin);
    const long = { ...sampleRows([4n]), columns: [...sampleRows([4n]).columns] };
    long.columns[1] = textColumn(101, 21, ['x'.repeat(65)]);
    expect(() => native.scanBatch(schema, encodeRowBatch(long), options, allocate)).toThrow(
      DbError,
    );
  });

  test('survives damaged batches', () => {
    const schema = compile(sampleSchema());
    const bytes = encodeRowBatch(sampleRows([4n, 5n, 6n]));
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      for (const given of [damaged, bytes.slice(0, at)]) {
        try {
          native.scanBatch(schema, given, options, allocate);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(DbError);
        }
      }
    }
  });
});
