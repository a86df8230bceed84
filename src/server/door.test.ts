// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The ports themselves: one line when taken, silence is bounded, closing lets running calls end;
// the management port answers two paths.

import { connect, type Socket } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import { beforeAll, expect, test } from 'vitest';
import { writeDescriptors } from '../../scripts/proto-descriptors.mjs';
import { FakeDatabase } from '../../test/support/fake-database.ts';
import { type Clock, systemClock } from '../core/index.ts';
import { openDoor } from './door.ts';
import { openManagement } from './management.ts';

beforeAll(() => {
  writeDescriptors();
});

const anyPort = { host: '127.0.0.1', port: 0 };

/** A clock whose timers fire when told. */
function manualClock(): { readonly clock: Clock; readonly fire: () => void } {
  const timers = new Set<() => void>();
  const clock: Clock = {
    ...systemClock,
    timer(_delayMs, callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
  };
  return {
    clock,
    fire: () => {
      timers.forEach((callback) => callback());
    },
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}

function closed(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('a port in use is one line that says what to do', async () => {
  const parts = { database: new FakeDatabase(), clock: systemClock };
  const door = await openDoor(anyPort, parts);
  const { port } = door.address;
  await expect(openDoor({ host: '127.0.0.1', port }, parts)).rejects.toMatchObject({
    code: 'port-in-use',
    message: `127.0.0.1:${port} is in use: stop what listens there or choose another port`,
  });
  await expect(
    openManagement({ port }, { database: parts.database, metrics: () => '' }),
  ).rejects.toMatchObject({ code: 'port-in-use' });
  await expect(openDoor({ host: '192.0.2.1', port: 0 }, parts)).rejects.toMatchObject({
    code: 'settings-invalid',
  });
  await door.close();
});

test('a connection that never speaks is closed', async () => {
  const { clock, fire } = manualClock();
  const door = await openDoor(anyPort, { database: new FakeDatabase(), clock });
  const socket = await connected(door.address.port);
  socket.write('PR');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const end = closed(socket);
  fire();
  await end;
  expect(socket.destroyed).toBe(true);
  await door.close();
});

test('garbage and half a handshake leave the server alive', async () => {
  const door = await openDoor(anyPort, { database: new FakeDatabase(), clock: systemClock });
  for (const first of [
    '\u0000\u0001\u0002\u0003',
    'GET\r\n\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
    'PRI nonsense nonsense nonsense',
  ]) {
    const socket = await connected(door.address.port);
    const end = closed(socket);
    socket.end(first);
    await end;
  }
  const response = await fetch(
    `http://127.0.0.1:${door.address.port}/v2/vectordb/collections/list`,
    { method: 'POST', body: '{}' },
  );
  expect(await response.text()).toBe('{"code":0,"data":[]}');
  await door.close();
});

test('closing waits for the running call, then every socket is gone', async () => {
  const database = new FakeDatabase();
  const door = await openDoor(anyPort, { database, clock: systemClock });
  let release = (): void => {};
  let arrived = (): void => {};
  const running = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  database.listCollections = () =>
    new Promise((resolve) => {
      release = () => resolve([]);
      arrived();
    });
  const client = new Client(`127.0.0.1:${door.address.port}`, credentials.createInsecure());
  const answer = new Promise<number>((resolve, reject) => {
    client.makeUnaryRequest<Buffer, Buffer>(
      '/milvus.proto.milvus.MilvusService/ShowCollections',
      (bytes) => bytes,
      (bytes) => bytes,
      Buffer.alloc(0),
      (error, reply) => (error === null ? resolve(reply?.length ?? -1) : reject(error)),
    );
  });
  await running;
  const idle = await connected(door.address.port);
  const idleEnd = closed(idle);
  const closing = door.close();
  release();
  expect(await answer).toBeGreaterThan(0);
  await Promise.all([closing, idleEnd]);
  await expect(connected(door.address.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  client.close();
});

test('the management port tells health and figures, and nothing else', async () => {
  const database = new FakeDatabase();
  const management = await openManagement(
    { port: 0 },
    { database, metrics: () => 'dipper_up 1\n' },
  );
  const base = `http://${management.address.host}:${management.address.port}`;
  const healthy = await fetch(`${base}/healthz`);
  expect([healthy.status, await healthy.text()]).toEqual([200, 'OK']);
  database.reasons = ['log 0 failed', 'disk full'];
  const sick = await fetch(`${base}/healthz`);
  expect([sick.status, await sick.text()]).toEqual([503, 'log 0 failed\ndisk full\n']);
  expect(await (await fetch(`${base}/metrics`)).text()).toBe('dipper_up 1\n');
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(404);
  await management.close();
});
