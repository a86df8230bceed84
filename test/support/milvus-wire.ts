// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A bare Milvus client: one gRPC channel, the official message descriptors, and nothing more. The
// crash lane needs it because an SDK that retries by itself would turn one insert into two, and the
// benches because encoded requests must be sendable as they are. 64-bit integers come as strings.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import * as grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);
const descriptors: {
  default: protobuf.INamespace;
} = require('@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.js');
const root = protobuf.Root.fromJSON(descriptors.default);
const service = root.lookupService('milvus.proto.milvus.MilvusService');

/** What the server said about a call, in both of its code systems. */
export interface WireStatus {
  readonly code: number;
  readonly error_code: number;
  readonly reason: string;
}

/** One column of a reply, as far as these lanes read it. */
export interface WireField {
  readonly field_name: string;
  readonly is_dynamic: boolean;
  readonly scalars?: {
    readonly long_data?: { readonly data: readonly string[] };
    readonly string_data?: { readonly data: readonly string[] };
    readonly json_data?: { readonly data: readonly Uint8Array[] };
  };
  readonly vectors?: {
    readonly dim: string;
    readonly float_vector?: { readonly data: readonly number[] };
  };
}

/** The server answered, and refused. */
export class RefusedError extends Error {
  readonly status: WireStatus;

  constructor(rpc: string, status: WireStatus) {
    super(`${rpc} refused with code ${status.code} (${status.error_code}): ${status.reason}`);
    this.name = 'RefusedError';
    this.status = status;
  }
}

/** Encodes a message of the schema package or the service package by its short name. */
export function encodeMessage(type: string, value: object): Uint8Array {
  const full = type.includes('.') ? `milvus.proto.${type}` : `milvus.proto.milvus.${type}`;
  const message = root.lookupType(full);
  return message.encode(message.fromObject(value)).finish();
}

/** One connection of its own to a server. */
export class WireClient {
  readonly #client: grpc.Client;

  constructor(port: number) {
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
  }

  /** Calls and returns the reply as it came, refusals included. */
  async raw<Reply>(rpc: string, request: object, timeoutMs = 30_000): Promise<Reply> {
    const method = service.methods[rpc];
    assert(method !== undefined, `no such call: ${rpc}`);
    return this.encoded(rpc, encodeMessage(method.requestType, request), timeoutMs);
  }

  /** Sends a request that was encoded before. */
  encoded<Reply>(rpc: string, request: Uint8Array, timeoutMs = 30_000): Promise<Reply> {
    const method = service.methods[rpc];
    assert(method !== undefined, `no such call: ${rpc}`);
    const replyType = root.lookupType(`milvus.proto.${qualify(method.responseType)}`);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/milvus.proto.milvus.MilvusService/${rpc}`,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.from(request.buffer, request.byteOffset, request.byteLength),
        { deadline: Date.now() + timeoutMs },
        (error, bytes) => {
          if (error !== null) return reject(error);
          const options = { longs: String, enums: Number, defaults: true, arrays: true };
          // The reply type is the caller's claim about a message whose descriptor is not typed.
          resolve(replyType.toObject(replyType.decode(bytes ?? Buffer.alloc(0)), options) as Reply);
        },
      );
    });
  }

  /** Calls and throws a RefusedError when the server answers with a failure. */
  async call<Reply>(rpc: string, request: object, timeoutMs?: number): Promise<Reply> {
    const reply = await this.raw<Reply>(rpc, request, timeoutMs);
    const status = statusOf(reply);
    if (status.code !== 0 || status.error_code !== 0) throw new RefusedError(rpc, status);
    return reply;
  }

  close(): void {
    this.#client.close();
  }
}

/** The status of a reply; some replies are one. */
export function statusOf(reply: unknown): WireStatus {
  assert(typeof reply === 'object' && reply !== null);
  const holder = 'status' in reply && typeof reply.status === 'object' ? reply.status : reply;
  if (holder === null) return { code: 0, error_code: 0, reason: '' };
  return {
    code: 'code' in holder ? Number(holder.code) : 0,
    error_code: 'error_code' in holder ? Number(holder.error_code) : 0,
    reason: 'reason' in holder ? String(holder.reason) : '',
  };
}

/** Key-value pairs in the shape the wire has them. */
export function pairs(values: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: String(value) }));
}

/** Query vectors as the bytes a search request carries. */
export function placeholderGroup(vectors: readonly Float32Array[]): Uint8Array {
  const values = vectors.map((v) => Buffer.from(v.buffer, v.byteOffset, v.byteLength));
  return encodeMessage('common.PlaceholderGroup', {
    placeholders: [{ tag: '$0', type: 101, values }],
  });
}

function qualify(type: string): string {
  return type.includes('.') ? type.replace(/^\.?milvus\.proto\./, '') : `milvus.${type}`;
}
