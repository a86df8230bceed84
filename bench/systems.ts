// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The servers that are compared: Dipper, Milvus Lite 3.2.2 as a server, and the real Milvus 2.3.5
// from its wheel. All speak the same protocol, so one client measures them all; each is pinned to
// the first core. What differs between them is written here and nowhere else.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ensurePythonEnv } from '../test/support/python-env.ts';
import { repositoryRoot } from '../test/support/repository.ts';
import {
  acceptsConnections,
  commandOf,
  freePort,
  spawnServer,
  type ServerPlace,
  type ServerProcess,
} from '../test/support/server.ts';
import { statusOf, WireClient } from '../test/support/milvus-wire.ts';

export type SystemName = 'dipper' | 'milvus-lite' | 'milvus-2.3.5';

/** When an insert is acknowledged, as far as the system lets one choose. */
export interface Durability {
  readonly name: string;
  /** Collection properties that ask for it. */
  readonly properties: Readonly<Record<string, string>>;
  /** A variant of the start command that asks for it. */
  readonly variant: string | null;
  /** True for the mode whose acknowledgement means that the rows are on disk. */
  readonly durable: boolean;
}

export interface System {
  readonly name: SystemName;
  readonly durabilities: readonly Durability[];
  /** Whether a collection must be loaded again after a restart. */
  readonly forgetsLoad: boolean;
  /** The Python environment whose client fits this server. */
  readonly clientEnv: 'sdk' | 'milvus23';
  command(place: ServerPlace, variant: string | null): Promise<string[]>;
}

const serverCore = ['taskset', '-c', '0'];

const dipper: System = {
  name: 'dipper',
  durabilities: [
    { name: 'fsync', properties: { durability: 'fsync' }, variant: null, durable: true },
    { name: 'interval', properties: { durability: 'interval' }, variant: null, durable: false },
    { name: 'none', properties: { durability: 'none' }, variant: null, durable: false },
  ],
  forgetsLoad: false,
  clientEnv: 'sdk',
  command: (place) => commandOf('dipper', place),
};

const milvusLite: System = {
  name: 'milvus-lite',
  durabilities: [
    { name: 'batch sync', properties: {}, variant: 'sync', durable: true },
    { name: 'default', properties: {}, variant: null, durable: false },
  ],
  forgetsLoad: true,
  clientEnv: 'sdk',
  command: async (place, variant) => {
    const command = await commandOf('milvus-lite', place);
    if (variant === null) return command;
    const env = await ensurePythonEnv('bench');
    const script = join(repositoryRoot, 'bench/python/lite_sync.py');
    return [env.python, script, ...command.slice(1)];
  },
};

const milvus: System = {
  name: 'milvus-2.3.5',
  durabilities: [{ name: 'its only mode', properties: {}, variant: null, durable: true }],
  forgetsLoad: false,
  clientEnv: 'milvus23',
  command: async ({ port, dataDirectory }) => {
    const env = await ensurePythonEnv('milvus23');
    return [join(env.bin, 'milvus-server'), '--data', dataDirectory, '--proxy-port', `${port}`];
  },
};

/** Every system by its name. */
export const systems: Readonly<Record<SystemName, System>> = {
  dipper,
  'milvus-lite': milvusLite,
  'milvus-2.3.5': milvus,
};

/** Starts a system over a directory; it need not answer yet. */
export async function launch(
  system: System,
  dataDirectory: string,
  variant: string | null = null,
): Promise<ServerProcess> {
  const metricsPort = system.name === 'dipper' ? await freePort() : 0;
  const place = { port: await freePort(), metricsPort, dataDirectory };
  return spawnServer([...serverCore, ...(await system.command(place, variant))], place);
}

/** Starts a system and waits for its first answer; returns how long that took. */
export async function startAnswering(
  system: System,
  dataDirectory: string,
  variant: string | null = null,
): Promise<{ server: ServerProcess; wire: WireClient; answeredAfterMs: number }> {
  const server = await launch(system, dataDirectory, variant);
  const wire = await firstAnswer(server);
  return { server, wire, answeredAfterMs: performance.now() - server.startedAtMs };
}

/** Waits until the collections can be listed, which every system answers only when it is up. */
async function firstAnswer(server: ServerProcess): Promise<WireClient> {
  while (!(await acceptsConnections(server.port))) await sleep(2);
  for (;;) {
    const wire = new WireClient(server.port);
    const isUp = await wire.raw('ShowCollections', {}, 5_000).then(
      (reply) => statusOf(reply).error_code === 0,
      () => false, // not serving yet
    );
    if (isUp) return wire;
    wire.close();
    await sleep(5);
  }
}
