// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The server over raw gRPC: every RPC answers in its own shape, damaged requests become a Status,
// too large ones a gRPC status, and the server lives on.

import {
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status as grpcStatus,
} from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeDescriptors } from '../../../scripts/proto-descriptors.mjs';
import { FakeDatabase } from '../../../test/support/fake-database.ts';
import { DbError, systemClock } from '../../core/index.ts';
import { type Door, openDoor } from '../door.ts';
import { milvusService } from './call.ts';
import { descriptorTables } from './wire/descriptors.ts';
import {
  decodeMessage,
  encodeMessage,
  type ProtoMessage,
  type ProtoObject,
} from './wire/message.ts';

let fake: FakeDatabase;
let door: Door;
let client: Client;

beforeAll(async () => {
  writeDescriptors();
  fake = new FakeDatabase();
  door = await openDoor({ host: '127.0.0.1', port: 0 }, { database: fake, clock: systemClock });
  client = new Client(`127.0.0.1:${door.address.port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
});

afterAll(async () => {
  client.close();
  await door.close();
});

function raw(
  path: string,
  request: Uint8Array,
  metadata = new Metadata(),
  deadlineMs = 20_000,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<Uint8Array, Buffer>(
      path,
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      request,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error: ServiceError | null, reply) =>
        error === null && reply !== undefined ? resolve(reply) : reject(error),
    );
  });
}

async function call(rpc: string, request: Uint8Array, metadata?: Metadata): Promise<ProtoMessage> {
  const reply = await raw(`/${milvusService}/${rpc}`, request, metadata);
  return decodeMessage(descriptorTables().services[milvusService]?.[rpc]?.response ?? '', reply);
}

function statusOf(reply: ProtoMessage): ProtoMessage {
  const status = reply.type.name === 'common.Status' ? reply : reply.message('status');
  if (status === null) throw new TypeError(`${reply.type.name} came without a status`);
  return status;
}

function encoded(rpc: string, value: ProtoObject): Uint8Array {
  return encodeMessage(descriptorTables().services[milvusService]?.[rpc]?.request ?? '', value);
}

describe('all RPCs', () => {
  // Where the protocol wants gRPC's own answer, or the reply has no place for a status.
  const leftOut = [
    'AlterCollectionSchema',
    'CreateReplicateStream',
    'DumpMessages',
    'Dummy',
    'GetReplicateInfo',
  ];

  test('149 are registered: each answers a status, five are UNIMPLEMENTED', async () => {
    const names = Object.keys(descriptorTables().services[milvusService] ?? {});
    expect(names.length).toBe(149);
    const unimplemented: string[] = [];
    for (const name of names) {
      try {
        expect(statusOf(await call(name, new Uint8Array(0))).has('code')).toBe(true);
      } catch (thrown) {
        if ((thrown as ServiceError).code !== grpcStatus.UNIMPLEMENTED) throw thrown;
        unimplemented.push(name);
      }
    }
    expect(unimplemented.sort()).toEqual([...leftOut].sort());
  });

  test.each([
    'CreateAlias',
    'HybridSearch',
    'Upsert',
    'SetRLSPrincipalTags',
    'GetExportSnapshotState',
    'GetComponentStates',
  ])('%s is not built: code 10', async (rpc) => {
    const status = statusOf(await call(rpc, new Uint8Array(0)));
    expect([status.number('code'), status.number('error_code')]).toEqual([10, 1]);
    expect(status.text('reason')).toBe(`${rpc} is not implemented yet`);
  });

  test('the other two services answer too', async () => {
    const heartbeat = await raw(
      '/milvus.proto.milvus.ClientTelemetryService/ClientHeartbeat',
      new Uint8Array(0),
    );
    expect(
      decodeMessage('milvus.ClientHeartbeatResponse', heartbeat).message('status')?.number('code'),
    ).toBe(10);
    const link = await raw('/milvus.proto.milvus.ProxyService/RegisterLink', new Uint8Array(0));
    expect(
      decodeMessage('milvus.RegisterLinkResponse', link).message('status')?.number('code'),
    ).toBe(10);
  });
});

describe('connection', () => {
  test('Connect gives every connection another identifier', async () => {
    const first = await call('Connect', new Uint8Array(0));
    const second = await call('Connect', new Uint8Array(0));
    expect(first.long('identifier')).toBeGreaterThan(0n);
    expect(second.long('identifier')).not.toBe(first.long('identifier'));
    expect(first.message('server_info')?.text('deploy_mode')).toBe('STANDALONE');
  });

  test('AllocTimestamp counts up', async () => {
    const first = (await call('AllocTimestamp', new Uint8Array(0))).long('timestamp');
    expect((await call('AllocTimestamp', new Uint8Array(0))).long('timestamp')).toBeGreaterThan(
      first,
    );
  });

  test('CheckHealth and grpc.health.v1 tell the reasons and the state', async () => {
    const check = async (service: string) => [
      ...(await raw('/grpc.health.v1.Health/Check', encodeHealthRequest(service))),
    ];
    expect(await check('')).toEqual([8, 1]);
    expect(await check(milvusService)).toEqual([8, 1]);
    await expect(check('nobody')).rejects.toMatchObject({ code: grpcStatus.NOT_FOUND });
    fake.reasons = ['the log failed'];
    expect(await check('')).toEqual([8, 2]);
    const health = await call('CheckHealth', new Uint8Array(0));
    expect([health.flag('isHealthy'), health.texts('reasons')]).toEqual([
      false,
      ['the log failed'],
    ]);
    fake.reasons = [];
  });

  test('Watch sends the state at once', async () => {
    const stream = client.makeServerStreamRequest<Uint8Array, Buffer>(
      '/grpc.health.v1.Health/Watch',
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      encodeHealthRequest(''),
      new Metadata(),
      {},
    );
    const first = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    expect([...first]).toEqual([8, 1]);
    stream.on('error', () => {});
    stream.cancel();
  });

  test("the connection's database stands in for an empty one", async () => {
    const metadata = new Metadata();
    metadata.set('dbname', 'elsewhere');
    const status = statusOf(await call('ShowCollections', new Uint8Array(0), metadata));
    expect([status.number('code'), status.text('reason')]).toEqual([
      800,
      'database not found[database=elsewhere]',
    ]);
    const named = await call(
      'ShowCollections',
      encoded('ShowCollections', { db_name: 'default' }),
      metadata,
    );
    expect(statusOf(named).number('code')).toBe(0);
  });
});

test('a caller that leaves is noticed; an answered call is left alone', async () => {
  await createBooks();
  const request = encoded('Insert', { collection_name: 'books', num_rows: 1 });
  await raw(`/${milvusService}/Insert`, request);
  let abortedLate = false;
  fake.calls.at(-1)?.context.onAbort(() => {
    abortedLate = true;
  });
  const original = fake.insert.bind(fake);
  const aborted = new Promise<void>((resolve) => {
    fake.insert = (_request, context) => {
      context.onAbort(resolve);
      return new Promise(() => {});
    };
  });
  await expect(raw(`/${milvusService}/Insert`, request, new Metadata(), 50)).rejects.toMatchObject({
    code: grpcStatus.DEADLINE_EXCEEDED,
  });
  await aborted;
  fake.insert = original;
  expect(abortedLate).toBe(false);
});

async function createBooks(): Promise<void> {
  const schema = encodeMessage('schema.CollectionSchema', {
    name: 'books',
    fields: [
      { name: 'id', data_type: 5, is_primary_key: true },
      { name: 'vector', data_type: 101, type_params: [{ key: 'dim', value: '4' }] },
    ],
  });
  await call(
    'CreateCollection',
    encoded('CreateCollection', { collection_name: 'books', schema, consistency_level: 2 }),
  );
}

describe('bad input', () => {
  test.each([
    [
      'CreateCollection',
      { collection_name: 'x', schema: Uint8Array.of(0xff) },
      1100,
      5,
      /request malformed/,
    ],
    [
      'CreateCollection',
      { collection_name: 'x', schema: new Uint8Array(0), consistency_level: 9 },
      1100,
      5,
      /consistency_level/,
    ],
    [
      'DescribeCollection',
      { collection_name: 'x' },
      100,
      4,
      /collection not found\[database=default\]\[collection=x\]/,
    ],
    ['GetLoadState', { collection_name: 'x' }, 100, 4, /collection not found/],
    ['GetFlushState', { collection_name: 'x' }, 100, 4, /collection not found/],
    [
      'Insert',
      { collection_name: 'x' },
      100,
      4,
      /collection not found\[database=default\]\[collection=x\]/,
    ],
    ['Search', { collection_name: 'x' }, 1101, 5, /placeholder_group/],
    ['Delete', { collection_name: 'x' }, 1100, 5, /filter/],
    [
      'CreateIndex',
      { collection_name: 'x', extra_params: [{ key: 'params', value: '[' }] },
      1100,
      5,
      /field params: expected a JSON object/,
    ],
  ])('%s %j', async (rpc, request, code, legacy, reason) => {
    const status = statusOf(await call(rpc, encoded(rpc, request)));
    expect([status.number('code'), status.number('error_code')]).toEqual([code, legacy]);
    expect(status.text('reason')).toMatch(reason);
  });

  test('random bytes in every built RPC are answered with a status', async () => {
    const rpcs = [
      'Search',
      'Query',
      'Insert',
      'Delete',
      'CreateCollection',
      'DescribeCollection',
      'Flush',
      'CreateIndex',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...rpcs),
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        async (rpc, bytes) => {
          expect(statusOf(await call(rpc, bytes)).type.name).toBe('common.Status');
        },
      ),
      { numRuns: 300 },
    );
    expect(statusOf(await call('GetVersion', new Uint8Array(0))).number('code')).toBe(0);
  });

  test('an error that is none of ours becomes a Status too', async () => {
    const original = fake.flush.bind(fake);
    fake.flush = () => Promise.reject(new TypeError('undefined is not a function'));
    const status = statusOf(await call('Flush', encoded('Flush', { collection_names: ['books'] })));
    expect([status.number('code'), status.number('error_code'), status.text('reason')]).toEqual([
      5,
      1,
      'service internal error: undefined is not a function',
    ]);
    fake.flush = () => Promise.reject(new DbError({ code: 'rate-limit' }));
    const limited = statusOf(
      await call('Flush', encoded('Flush', { collection_names: ['books'] })),
    );
    expect([
      limited.number('code'),
      limited.number('error_code'),
      limited.flag('retriable'),
    ]).toEqual([8, 49, true]);
    fake.flush = original;
  });

  test('a message over 64 MiB is RESOURCE_EXHAUSTED, and the connection goes on', async () => {
    const column = encoded('Insert', {
      collection_name: 'books',
      fields_data: [{ vectors: { binary_vector: new Uint8Array(65 * 2 ** 20) } }],
    });
    await expect(raw(`/${milvusService}/Insert`, column)).rejects.toMatchObject({
      code: grpcStatus.RESOURCE_EXHAUSTED,
    });
    expect(statusOf(await call('GetVersion', new Uint8Array(0))).number('code')).toBe(0);
  });
});

function encodeHealthRequest(service: string): Uint8Array {
  const bytes = Buffer.from(service);
  return service === ''
    ? new Uint8Array(0)
    : Buffer.concat([Uint8Array.of(0x0a, bytes.length), bytes]);
}
