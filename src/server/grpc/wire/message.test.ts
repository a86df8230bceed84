// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The generic codec against protobufjs: what one writes the other reads, for messages with every
// kind of field; and damaged bytes, which may only ever be refused.

import { createRequire } from 'node:module';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeDescriptors } from '../../../../scripts/proto-descriptors.mjs';
import { DbError } from '../../../core/index.ts';
import { decodeMessage, encodeMessage, type ProtoMessage, type ProtoObject } from './message.ts';

const require = createRequire(import.meta.url);
let root: protobuf.Root;

beforeAll(() => {
  writeDescriptors();
  root = protobuf.Root.fromJSON(
    require('@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.js').default,
  );
});

function peer(name: string): protobuf.Type {
  return root.lookupType(`milvus.proto.${name}`);
}

function peerEncode(name: string, value: object): Uint8Array {
  const type = peer(name);
  return type.encode(type.fromObject(value)).finish();
}

function peerDecode(name: string, bytes: Uint8Array): Record<string, unknown> {
  const type = peer(name);
  return type.toObject(type.decode(bytes), { longs: String, defaults: true, bytes: Array });
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('reads what protobufjs writes', () => {
  test('a status with a map', () => {
    const status = fc.record({
      error_code: fc.nat(62),
      reason: text,
      code: int32,
      retriable: fc.boolean(),
      extra_info: fc.dictionary(text, text),
    });
    fc.assert(
      fc.property(status, (value) => {
        const read = decodeMessage('common.Status', peerEncode('common.Status', value));
        expect(read.number('error_code')).toBe(value.error_code);
        expect(read.text('reason')).toBe(value.reason);
        expect(read.number('code')).toBe(value.code);
        expect(read.flag('retriable')).toBe(value.retriable);
      }),
    );
  });

  test('numbers of every width, packed lists, nested messages', () => {
    fc.assert(
      fc.property(
        fc.array(int64),
        fc.array(int32),
        fc.array(fc.double()),
        fc.array(fc.float()),
        fc.array(fc.boolean()),
        (longs, ints, doubles, floats, bools) => {
          const columns = [
            { field_name: 'l', scalars: { long_data: { data: longs.map(String) } } },
            { field_name: 'i', scalars: { int_data: { data: ints } } },
            { field_name: 'd', scalars: { double_data: { data: doubles } } },
            { field_name: 'f', vectors: { dim: 3, float_vector: { data: floats } } },
            { field_name: 'b', scalars: { bool_data: { data: bools } }, valid_data: bools },
          ];
          const read = decodeMessage(
            'milvus.InsertRequest',
            peerEncode('milvus.InsertRequest', { fields_data: columns, num_rows: 7 }),
          );
          const scalars = read.messages('fields_data').map((column) => column.message('scalars'));
          expect(scalars[0]?.message('long_data')?.longs('data')).toEqual(longs);
          expect(read.number('num_rows')).toBe(7);
          expect(read.messages('fields_data')[3]?.message('vectors')?.long('dim')).toBe(3n);
        },
      ),
    );
  });
});

describe('writes what protobufjs reads', () => {
  test('a description of a collection', () => {
    fc.assert(
      fc.property(
        text,
        uint64,
        int64,
        fc.array(text),
        fc.array(fc.record({ key: text, value: text })),
        (name, stamp, id, aliases, pairs) => {
          const value: ProtoObject = {
            status: { code: 0, error_code: 0, extra_info: new Map([[name, 'x']]) },
            schema: {
              name,
              fields: [{ fieldID: id, name, default_value: { long_data: 0n }, type_params: pairs }],
              enable_dynamic_field: true,
            },
            update_timestamp: stamp,
            aliases,
            shards_num: -3,
            created_utc_timestamp: 1_700_000_000_000,
          };
          const read = peerDecode(
            'milvus.DescribeCollectionResponse',
            encodeMessage('milvus.DescribeCollectionResponse', value),
          );
          expect(read).toMatchObject({
            status: { extra_info: { [name]: 'x' } },
            schema: {
              name,
              fields: [
                {
                  fieldID: String(id),
                  name,
                  default_value: { long_data: '0' },
                  type_params: pairs,
                },
              ],
              enable_dynamic_field: true,
            },
            update_timestamp: String(stamp),
            aliases,
            shards_num: -3,
            created_utc_timestamp: '1700000000000',
          });
        },
      ),
    );
  });

  test('nested lengths of every varint width', () => {
    for (const length of [0, 1, 126, 127, 128, 129, 16_381, 16_383, 16_384, 2_097_151, 2_097_153]) {
      const value = {
        results: { fields_data: [{ vectors: { binary_vector: new Uint8Array(length).fill(7) } }] },
      };
      const read = decodeMessage(
        'milvus.SearchResults',
        encodeMessage('milvus.SearchResults', value),
      );
      const vectors = read.message('results')?.messages('fields_data')[0]?.message('vectors');
      expect(vectors?.bytes('binary_vector').length).toBe(length);
    }
  });
});

describe('damaged bytes', () => {
  const sample = () =>
    encodeMessage('milvus.CreateIndexRequest', {
      collection_name: 'books',
      extra_params: [{ key: 'M', value: '16' }],
    });

  test('are refused or read, never anything else', () => {
    const refusedOrRead = (bytes: Uint8Array): string => {
      try {
        const read: ProtoMessage = decodeMessage('milvus.SearchRequest', bytes);
        return typeof read.text('collection_name');
      } catch (thrown) {
        return thrown instanceof DbError ? thrown.code : String(thrown);
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['string', 'request-malformed']).toContain(refusedOrRead(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('a cut message is malformed wherever it is cut inside a field', () => {
    const bytes = sample();
    const outcomes = Array.from({ length: bytes.length - 1 }, (_, i) => {
      try {
        decodeMessage('milvus.CreateIndexRequest', bytes.subarray(0, i + 1));
        return 'read';
      } catch (thrown) {
        return DbError.from(thrown).code;
      }
    });
    // Only the cut between the two fields leaves a whole message.
    expect(outcomes.filter((one) => one === 'read').length).toBe(1);
    expect(new Set(outcomes)).toEqual(new Set(['read', 'request-malformed']));
  });

  test.each([
    ['a wrong wire type', Uint8Array.of(0x18, 0x05), /field 3: expected wire type 2, received 0/],
    ['field number 0', Uint8Array.of(0x02, 0x00), /field number 0/],
    ['a group', Uint8Array.of(0x7b), /wire type 3/],
    [
      'a varint of eleven bytes',
      Uint8Array.from({ length: 12 }, () => 0xff),
      /varint without an end/,
    ],
    ['a length beyond the end', Uint8Array.of(0x1a, 0x7f, 0x61), /expected 127 bytes, received 1/],
    [
      'a length of 2^40',
      Uint8Array.of(0x1a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20),
      /bytes, received 0/,
    ],
    ['text that is not UTF-8', Uint8Array.of(0x1a, 0x02, 0xc3, 0x28), /field 3 is not UTF-8/],
  ])('%s is named', (_what, bytes, message) => {
    expect(() => decodeMessage('milvus.CreateIndexRequest', bytes)).toThrow(message);
  });

  test('nesting beyond the limit is refused before it exhausts the stack', () => {
    let nested: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 201; depth++)
      nested = Buffer.concat([
        Uint8Array.of(depth % 2 === 0 ? 0x2a : 0x0a),
        varint(nested.length),
        nested,
      ]);
    expect(() => decodeMessage('schema.TemplateArrayValue', nested)).toThrow(
      /nested deeper than 64/,
    );
  });
});

function varint(value: number): Uint8Array {
  return value < 128 ? Uint8Array.of(value) : Uint8Array.of((value & 0x7f) | 0x80, value >> 7);
}

test('a field that the message does not have is our own mistake', () => {
  const status = decodeMessage('common.Status', new Uint8Array(0));
  expect(() => status.text('reasons')).toThrow(
    /assertion failed: message common.Status has a field reasons/,
  );
  expect(() => encodeMessage('common.Status', { reasons: 'x' })).toThrow(/assertion failed/);
});
