// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The HTTP side of REST v2: paths, body, headers, CORS. A business error is HTTP 200 with a code in
// the body, as Milvus answers it; only what never reached a route has an HTTP status of its own.
// The body is JSON whatever its Content-Type says: the official Node client calls it text/plain.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, DbError } from '../../core/index.ts';
import { requestSizeBytesMax } from '../../core/limits.ts';
import type { CallContext, Database } from '../../service/index.ts';
import { failureOf, restCodes } from '../status.ts';
import { RestError, text } from './body.ts';
import { JsonObject, type JsonOutput, parseJson, writeJson } from './json.ts';
import { collectionRoutes } from './collections.ts';
import { entityRoutes } from './entities.ts';
import type { Route } from './route.ts';

const prefix = '/v2/vectordb/';
const routes: ReadonlyMap<string, Route> = new Map([
  ...Object.entries(collectionRoutes).map(
    ([path, route]) => [`collections/${path}`, route] as const,
  ),
  ...Object.entries(entityRoutes).map(([path, route]) => [`entities/${path}`, route] as const),
]);
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export interface RestParts {
  readonly database: Database;
  readonly clock: Clock;
}

type Reply = { readonly [key: string]: JsonOutput };

/** A listener for node:http that answers REST v2. */
export function createRestListener(
  parts: RestParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    serve(parts, request, response).catch((thrown: unknown) => {
      // The answer could not be sent: the peer is gone, or its body broke off.
      response.destroy(DbError.from(thrown));
    });
  };
}

async function serve(
  parts: RestParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Allow-Headers', '*');
  response.setHeader('Access-Control-Allow-Methods', 'POST, OPTIONS');
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const route = request.method === 'POST' ? routes.get(pathOf(request)) : undefined;
  if (route === undefined) {
    // The body is not read, so the connection cannot be used again.
    response
      .writeHead(404, { 'Content-Type': 'text/plain', Connection: 'close' })
      .end('404 page not found');
    return;
  }
  const bytes = await readBody(request);
  if (bytes === null) {
    const error = new DbError({
      code: 'request-too-large',
      field: 'body',
      expected: `at most ${requestSizeBytesMax} bytes`,
      received: 'more',
    });
    send(response, 413, { code: failureOf(error).code, message: failureOf(error).reason }, false);
    return;
  }
  const int64AsText = request.headers['accept-type-allow-int64'] === 'false';
  send(response, 200, await answer(parts, route, bytes, request, response), int64AsText);
}

async function answer(
  parts: RestParts,
  route: Route,
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply> {
  let subject = { database: '', collection: '' };
  try {
    const body = parseBody(bytes);
    const header = request.headers['db-name'];
    const collection = body.get('collectionName');
    subject = {
      database: text(body, 'dbName', typeof header === 'string' ? header : ''),
      collection: typeof collection === 'string' ? collection : '',
    };
    const reply = await route(parts.database, body, subject, contextOf(request, response));
    return { code: 0, ...reply };
  } catch (thrown) {
    if (thrown instanceof RestError) return { code: thrown.restCode, message: thrown.message };
    const failure = failureOf(DbError.from(thrown), subject);
    return { code: failure.code, message: failure.reason };
  }
}

function parseBody(bytes: Uint8Array): JsonObject {
  try {
    const parsed = parseJson(strictUtf8.decode(bytes));
    if (parsed instanceof JsonObject) return parsed;
  } catch (thrown) {
    throw new RestError(
      restCodes.notJson,
      `can only accept json format request, error: ${DbError.from(thrown).message}`,
    );
  }
  throw new RestError(
    restCodes.notJson,
    'can only accept json format request, error: the body is no JSON object',
  );
}

function pathOf(request: IncomingMessage): string {
  const [path = ''] = (request.url ?? '').split('?', 1);
  return path.startsWith(prefix) ? path.slice(prefix.length) : '';
}

/** The whole body; null as soon as it is larger than allowed. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  if (Number(request.headers['content-length'] ?? 0) > requestSizeBytesMax) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > requestSizeBytesMax) return null;
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function contextOf(request: IncomingMessage, response: ServerResponse): CallContext {
  const seconds = Number(request.headers['request-timeout'] ?? 0);
  return {
    timeoutMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0,
    onAbort(listener) {
      const onClose = (): void => {
        if (!response.writableFinished) listener();
      };
      response.once('close', onClose);
      return () => response.off('close', onClose);
    },
  };
}

function send(response: ServerResponse, status: number, reply: Reply, int64AsText: boolean): void {
  const json = writeJson(reply, int64AsText);
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(json),
  };
  // After 413 the rest of the body is still coming; nobody will read it.
  response.writeHead(status, status === 200 ? headers : { ...headers, Connection: 'close' });
  response.end(json);
}
