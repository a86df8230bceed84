// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A real server process for the lanes that prove it from outside: started on free ports over a
// directory of the caller, waited for, stopped politely or killed. The same lanes run against
// Milvus Lite with DIPPER_TEST_TARGET=milvus-lite, which is how a doubtful test is told from a
// doubtful server. Each server leads a process group of its own, so a kill takes whatever it
// started along.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ensurePythonEnv } from './python-env.ts';
import { repositoryRoot } from './repository.ts';

export type ServerTarget = 'dipper' | 'milvus-lite';

/** Where a process serves, and where it keeps its data. */
export interface ServerPlace {
  readonly port: number;
  /** 0 for a server without a management port. */
  readonly metricsPort: number;
  readonly dataDirectory: string;
}

/** A started process, ready or not. */
export interface ServerProcess extends ServerPlace {
  readonly pid: number;
  /** When the process was started, on the clock of `performance.now()`. */
  readonly startedAtMs: number;
  /** False once the process has ended, however it ended. */
  isAlive(): boolean;
  /** Everything it printed so far. */
  output(): string;
  /** Asks it to end (SIGTERM) and waits; returns the exit code, null when a signal ended it. */
  stop(): Promise<number | null>;
  /** kill -9 of the whole process group, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  readonly dataDirectory: string;
  readonly port?: number;
  readonly metricsPort?: number;
  readonly target?: ServerTarget;
}

const running = new Set<number>();
process.once('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
});
// A lane that is stopped from outside ends its servers too: a signal alone would skip the above.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(1));
}

/** The server under test, as the environment names it. */
export function targetFromEnvironment(): ServerTarget {
  const name = process.env['DIPPER_TEST_TARGET'] ?? 'dipper';
  assert(name === 'dipper' || name === 'milvus-lite', `DIPPER_TEST_TARGET: unknown server ${name}`);
  return name;
}

/** Why the server under test cannot be started here, or null when it can. */
export function missingServer(target = targetFromEnvironment()): string | null {
  const main = join(repositoryRoot, 'dist/src/main.js');
  return target === 'dipper' && !existsSync(main) ? `${main} is not built: npm run build` : null;
}

/** Starts a server and returns at once; `waitReady` tells when it answers. */
export async function launchServer(options: ServerOptions): Promise<ServerProcess> {
  const target = options.target ?? targetFromEnvironment();
  const port = options.port ?? (await freePort());
  const metricsPort = target === 'dipper' ? (options.metricsPort ?? (await freePort())) : 0;
  const place = { port, metricsPort, dataDirectory: options.dataDirectory };
  return spawnServer(await commandOf(target, place), place);
}

/** Starts any server program, as the leader of a process group of its own. */
export function spawnServer(command: readonly string[], place: ServerPlace): ServerProcess {
  const [program, ...args] = command;
  assert(program !== undefined);
  const startedAtMs = performance.now();
  const child = spawn(program, args, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return wrap(child, place, startedAtMs);
}

/** Starts a server and waits until it answers. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const server = await launchServer(options);
  await waitReady(server);
  return server;
}

/** Waits until the server answers; fails with its output when it ends or takes too long. */
export async function waitReady(server: ServerProcess, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    assert(server.isAlive(), `the server ended before it was ready:\n${server.output()}`);
    if (await isReady(server)) return;
    await sleep(10);
  }
  assert.fail(`the server was not ready after ${timeoutMs} ms:\n${server.output()}`);
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  server.close();
  await once(server, 'close');
  return address.port;
}

async function isReady(server: ServerProcess): Promise<boolean> {
  if (server.metricsPort === 0) return acceptsConnections(server.port);
  try {
    const answer = await fetch(`http://127.0.0.1:${server.metricsPort}/healthz`, {
      signal: AbortSignal.timeout(1_000),
    });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false; // not listening yet
  }
}

/** Whether somebody listens on a port of this machine. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The command that starts a server. */
export async function commandOf(target: ServerTarget, place: ServerPlace): Promise<string[]> {
  const { port, metricsPort, dataDirectory } = place;
  if (target === 'milvus-lite') {
    const env = await ensurePythonEnv('bench');
    const program = join(env.bin, 'milvus-lite');
    const where = ['--host', '127.0.0.1', '--port', `${port}`, '--data-dir', dataDirectory];
    return [program, 'server', ...where];
  }
  const main = join(repositoryRoot, 'dist/src/main.js');
  const ports = ['--port', `${port}`, '--metrics-port', `${metricsPort}`];
  return [process.execPath, main, ...ports, '--data', dataDirectory];
}

function wrap(child: ChildProcess, place: ServerPlace, startedAtMs: number): ServerProcess {
  const { pid } = child;
  assert(pid !== undefined, 'the server process could not be started');
  running.add(pid);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  let alive = true;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      alive = false;
      running.delete(pid);
      resolve();
    });
  });
  return {
    ...place,
    pid,
    startedAtMs,
    isAlive: () => alive,
    output: () => Buffer.concat(chunks).toString(),
    stop: async () => {
      if (alive) signalGroup(pid, 'SIGTERM');
      await ended;
      return child.exitCode;
    },
    kill: async () => {
      signalGroup(pid, 'SIGKILL');
      await ended;
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group has ended already, which is what was asked for.
    assert(error instanceof Error && 'code' in error && error.code === 'ESRCH', String(error));
  }
}
