// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// All of Milvus's RPCs on one grpc-js server, as functions from bytes to bytes: the codec is ours.
// An RPC that is not built yet still answers, with a Status of code 10 where its reply keeps one,
// because Node's SDK turns gRPC's own UNIMPLEMENTED into an empty success. Exceptions stay
// UNIMPLEMENTED: streams, replies without a status, and AlterCollectionSchema, where SDKs take
// exactly that answer as the sign to use the older call.

import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status as grpcStatus,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { DbError } from '../../core/index.ts';
import { replySizeBytesMax, requestSizeBytesMax } from '../../core/limits.ts';
import type { CallContext } from '../../service/index.ts';
import { failureOf } from '../status.ts';
import { encodeFailure, hasStatus, type Handler, type HandlerDeps, milvusService } from './call.ts';
import { collectionHandlers } from './handlers/collections.ts';
import { connectionHandlers } from './handlers/connection.ts';
import { flushHandlers } from './handlers/flushing.ts';
import { indexHandlers } from './handlers/indexes.ts';
import { loadingHandlers } from './handlers/loading.ts';
import { partitionHandlers } from './handlers/partitions.ts';
import { rowHandlers } from './handlers/rows.ts';
import {
  decodeHealthRequest,
  encodeHealthReply,
  healthOf,
  healthService,
  servingStatus,
} from './health.ts';
import { descriptorTables, type MethodTable } from './wire/descriptors.ts';

/** RPCs whose UNIMPLEMENTED is part of the protocol. */
const leftToGrpc = new Set(['AlterCollectionSchema']);
/** How often a health watcher's status is looked at again. */
const healthWatchMs = 5_000;

const builtHandlers: Readonly<Record<string, Handler>> = {
  ...connectionHandlers,
  ...collectionHandlers,
  ...loadingHandlers,
  ...indexHandlers,
  ...rowHandlers,
  ...flushHandlers,
  ...partitionHandlers,
};

const identity = (bytes: Buffer): Buffer => bytes;

/** A grpc-js server that answers every RPC; sockets come to it through an injector. */
export function createGrpcServer(deps: HandlerDeps): Server {
  const server = new Server({
    'grpc.max_receive_message_length': requestSizeBytesMax,
    'grpc.max_send_message_length': replySizeBytesMax,
    'grpc.enable_channelz': 0,
  });
  const services = Object.entries(descriptorTables().services);
  for (const [name, methods] of services) addService(server, deps, name, methods);
  addHealth(
    server,
    deps,
    services.map(([name]) => name),
  );
  return server;
}

/** Credentials of a port without TLS. */
export function plainCredentials(): ServerCredentials {
  return ServerCredentials.createInsecure();
}

function addService(
  server: Server,
  deps: HandlerDeps,
  service: string,
  methods: Readonly<Record<string, MethodTable>>,
): void {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(methods)) {
    const handler = service === milvusService ? builtHandlers[name] : undefined;
    const answer = handler ?? unbuiltHandler(name, method);
    if (answer === null) continue;
    definition[name] = methodDefinition(`/${service}/${name}`, false);
    implementation[name] = unary(deps, answer);
  }
  server.addService(definition, implementation);
}

function methodDefinition(path: string, responseStream: boolean): ServiceDefinition[string] {
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

function unbuiltHandler(name: string, method: MethodTable): Handler | null {
  if (method.requestStream || method.responseStream || leftToGrpc.has(name)) return null;
  if (!hasStatus(method.response)) return null;
  return async () => {
    const error = new DbError({ code: 'unimplemented', message: `${name} is not implemented yet` });
    return encodeFailure(method.response, failureOf(error));
  };
}

function unary(deps: HandlerDeps, handler: Handler) {
  return (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Uint8Array>): void => {
    const context = new GrpcContext();
    call.on('cancelled', () => context.cancel());
    const [database] = call.metadata.get('dbname');
    handler(deps, {
      request: call.request,
      connectionDatabase: typeof database === 'string' ? database : '',
      context,
    }).then(
      (bytes) => {
        context.answered = true;
        reply(null, bytes);
      },
      // Handlers do not reject; if one does, the call still ends.
      (thrown) => reply({ code: grpcStatus.INTERNAL, details: DbError.from(thrown).message }),
    );
  };
}

/** grpc-js watches the deadline and answers for it; here it looks like a caller who left. */
class GrpcContext implements CallContext {
  readonly timeoutMs = 0;
  answered = false;
  #cancelled = false;
  #listener: (() => void) | null = null;

  onAbort(listener: () => void): () => void {
    if (this.#cancelled) listener();
    else this.#listener = listener;
    return () => {
      this.#listener = null;
    };
  }

  // grpc-js says "cancelled" of every stream that closes, also after its answer.
  cancel(): void {
    if (this.answered) return;
    this.#cancelled = true;
    this.#listener?.();
  }
}

function addHealth(server: Server, deps: HandlerDeps, served: readonly string[]): void {
  const current = (request: Buffer) =>
    healthOf(decodeHealthRequest(request), served, deps.database.healthReasons());
  server.addService(
    {
      Check: methodDefinition(`/${healthService}/Check`, false),
      Watch: methodDefinition(`/${healthService}/Watch`, true),
    },
    {
      Check: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Uint8Array>) => {
        try {
          const status = current(call.request);
          if (status !== servingStatus.serviceUnknown) reply(null, encodeHealthReply(status));
          else reply({ code: grpcStatus.NOT_FOUND, details: 'unknown service' });
        } catch (thrown) {
          reply({ code: grpcStatus.INVALID_ARGUMENT, details: DbError.from(thrown).message });
        }
      },
      Watch: (call: ServerWritableStream<Buffer, Uint8Array>) =>
        watchHealth(deps, call, () => current(call.request)),
    },
  );
}

// Sends the status now and whenever a later look finds another one, until the caller leaves.
function watchHealth(
  deps: HandlerDeps,
  call: ServerWritableStream<Buffer, Uint8Array>,
  current: () => ReturnType<typeof healthOf>,
): void {
  let last: number | null = null;
  let stop = (): void => {};
  const look = (): void => {
    try {
      const status = current();
      if (status !== last) call.write(encodeHealthReply(status));
      last = status;
      stop = deps.clock.timer(healthWatchMs, look);
    } catch (thrown) {
      call.emit('error', {
        code: grpcStatus.INVALID_ARGUMENT,
        details: DbError.from(thrown).message,
      });
    }
  };
  call.on('cancelled', () => stop());
  call.on('close', () => stop());
  look();
}
