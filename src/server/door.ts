// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// One TCP port for gRPC and REST. A gRPC client speaks first and says `PRI * HTTP/2.0`, so the
// first bytes decide who gets the socket. Peeking costs one listener and no copy: the chunk is put
// back before the winner sees the socket.

import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { type Clock, DbError } from '../core/index.ts';
import type { Database } from '../service/index.ts';
import { createGrpcServer, plainCredentials } from './grpc/service.ts';
import { createRestListener } from './rest/listener.ts';
import { serverVersion } from './version.ts';

/** A connection that has not said by then which protocol it speaks is closed. */
const firstBytesTimeoutMs = 10_000;
/** Running calls get this long when the door closes. */
const drainMs = 5_000;
const http2Preface = Buffer.from('PRI ', 'latin1');

export interface DoorSettings {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

export interface DoorParts {
  readonly database: Database;
  readonly clock: Clock;
}

export interface Door {
  readonly address: { readonly host: string; readonly port: number };
  /** Stops accepting, lets running calls end (5 s at most), closes every socket. */
  close(): Promise<void>;
}

/** Opens the port. Throws `port-in-use` with one line that says what to do. */
export async function openDoor(settings: DoorSettings, parts: DoorParts): Promise<Door> {
  const grpc = createGrpcServer({ ...parts, version: serverVersion });
  const injector = grpc.createConnectionInjector(plainCredentials());
  const http = createHttpServer(createRestListener(parts));
  // It never listens itself; told that it does, it tracks connections, so that its time limits for
  // slow headers and bodies hold and idle ones can be closed.
  http.emit('listening');
  const sockets = new Set<Socket>();
  const tcp = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    peek(socket, parts.clock, (isGrpc) => {
      if (isGrpc) injector.injectConnection(socket);
      else {
        http.emit('connection', socket);
        // The HTTP parser listens but does not undo the pause of the peek.
        socket.resume();
      }
    });
  });
  const port = await listen(tcp, settings);
  return {
    address: { host: settings.host, port },
    async close() {
      const closed = new Promise<void>((resolve) => tcp.close(() => resolve()));
      const stopWaiting = parts.clock.timer(drainMs, () => {
        for (const socket of sockets) socket.destroy();
      });
      grpc.tryShutdown(() => grpc.forceShutdown());
      closeHttp(http);
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      await closed;
      stopWaiting();
    },
  };
}

/** Reads a socket's first bytes, puts them back and says which protocol they are. */
function peek(socket: Socket, clock: Clock, decide: (isGrpc: boolean) => void): void {
  const giveUp = clock.timer(firstBytesTimeoutMs, () => socket.destroy());
  const onError = (): void => {
    socket.destroy();
  };
  const forget = (): void => giveUp();
  let seen: Buffer | null = null;
  const onData = (chunk: Buffer): void => {
    seen = seen === null ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, http2Preface.length);
    const fits = seen.compare(http2Preface, 0, length, 0, length) === 0;
    // A prefix of the preface may still become either.
    if (fits && length < http2Preface.length) return;
    giveUp();
    socket.pause();
    socket.off('data', onData);
    socket.off('error', onError);
    socket.off('close', forget);
    socket.unshift(seen);
    decide(fits);
  };
  socket.on('data', onData);
  socket.on('error', onError);
  socket.once('close', forget);
}

function listen(tcp: TcpServer, settings: DoorSettings): Promise<number> {
  return new Promise((resolve, reject) => {
    tcp.once('error', (thrown: NodeJS.ErrnoException) => reject(listenError(thrown, settings)));
    tcp.listen(settings.port, settings.host, () => {
      const address = tcp.address();
      resolve(typeof address === 'object' && address !== null ? address.port : settings.port);
    });
  });
}

/** The one line for a port that cannot be opened. */
export function listenError(thrown: NodeJS.ErrnoException, settings: DoorSettings): DbError {
  const where = `${settings.host}:${settings.port}`;
  if (thrown.code === 'EADDRINUSE') {
    return new DbError({
      code: 'port-in-use',
      message: `${where} is in use: stop what listens there or choose another port`,
      cause: thrown,
    });
  }
  return new DbError({
    code: 'settings-invalid',
    message: `cannot listen on ${where}: ${thrown.message}`,
    cause: thrown,
  });
}

function closeHttp(http: HttpServer): void {
  // Ends idle keep-alive connections; busy ones end after their answer. That it was not listening
  // is no news.
  http.close(() => {});
  http.closeIdleConnections();
}
