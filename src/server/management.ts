// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The management port, loopback only: is the server healthy, and its figures for Prometheus. Apart
// from the data port, so that it answers while that one is busy, and can be watched without access
// to data.

import { createServer, type ServerResponse } from 'node:http';
import type { Database } from '../service/index.ts';
import { type DoorSettings, listenError } from './door.ts';

const loopback = '127.0.0.1';

export interface ManagementParts {
  readonly database: Pick<Database, 'healthReasons'>;
  /** Prometheus' text format. */
  readonly metrics: () => string;
}

export interface Management {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** Opens the management port on the loopback address. Throws `port-in-use`. */
export function openManagement(
  settings: Pick<DoorSettings, 'port'>,
  parts: ManagementParts,
): Promise<Management> {
  const server = createServer((request, response) => {
    const readable = request.method === 'GET' || request.method === 'HEAD';
    if (readable && request.url === '/healthz') answerHealth(parts, response);
    else if (readable && request.url === '/metrics') answer(response, 200, parts.metrics());
    else answer(response, 404, 'not found\n');
  });
  return new Promise((resolve, reject) => {
    server.once('error', (thrown) =>
      reject(listenError(thrown, { host: loopback, port: settings.port })),
    );
    server.listen(settings.port, loopback, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : settings.port;
      resolve({
        address: { host: loopback, port },
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

function answerHealth(parts: ManagementParts, response: ServerResponse): void {
  const reasons = parts.database.healthReasons();
  if (reasons.length === 0) answer(response, 200, 'OK');
  else answer(response, 503, `${reasons.join('\n')}\n`);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
}
