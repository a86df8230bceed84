// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What a handler is given of a gRPC call, and the rim around it: whatever it throws becomes a
// Status in the reply's own shape, never a gRPC status, since SDKs retry those for minutes.

import { DbError, type Clock } from '../../core/index.ts';
import type { CallContext, Database } from '../../service/index.ts';
import { type Failure, failureOf, type Subject } from '../status.ts';
import { descriptorTables } from './wire/descriptors.ts';
import {
  decodeMessage,
  encodeMessage,
  type ProtoMessage,
  type ProtoObject,
} from './wire/message.ts';

export const milvusService = 'milvus.proto.milvus.MilvusService';
const statusType = 'common.Status';

/** The parts that handlers work with. */
export interface HandlerDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** Answered by GetVersion and Connect; plain semver, as SDKs parse it. */
  readonly version: string;
}

export interface UnaryCall {
  readonly request: Uint8Array;
  /** Database of the connection (metadata `dbname`), used when the request names none. */
  readonly connectionDatabase: string;
  readonly context: CallContext;
}

/** Answers a call with the encoded reply; never rejects. */
export type Handler = (deps: HandlerDeps, call: UnaryCall) => Promise<Uint8Array>;

/** A control request, decoded, with what nearly all of them name. */
export interface ControlRequest {
  readonly database: string;
  readonly collection: string;
  readonly message: ProtoMessage;
  readonly context: CallContext;
}

/** A Status that says everything went well. */
const successStatus: ProtoObject = { error_code: 0, code: 0 };

function failureStatus(failure: Failure): ProtoObject {
  return {
    error_code: failure.legacyCode,
    reason: failure.reason,
    code: failure.code,
    retriable: failure.retriable,
    detail: failure.reason,
    ...(failure.inputError ? { extra_info: new Map([['is_input_error', 'true']]) } : {}),
  };
}

/** The database that a request means: its own, else its connection's; empty = the default one. */
export function databaseOf(call: UnaryCall, requested: string): string {
  return requested === '' ? call.connectionDatabase : requested;
}

/**
 * A handler by the generic codec. answer gives the reply's fields; the status is added here (and is
 * the whole reply of the RPCs that answer a bare Status).
 */
export function control(
  rpc: string,
  answer: (deps: HandlerDeps, request: ControlRequest) => Promise<ProtoObject> | ProtoObject,
): Handler {
  return async (deps, call) => {
    const { request, response } = methodOf(rpc);
    let subject: Subject = {};
    try {
      const decoded = controlRequest(call, decodeMessage(request, call.request));
      subject = subjectOf(decoded);
      const fields = await answer(deps, decoded);
      if (response === statusType) return encodeMessage(response, successStatus);
      return encodeMessage(response, { status: successStatus, ...fields });
    } catch (thrown) {
      return encodeFailure(response, failureOf(DbError.from(thrown), subject));
    }
  };
}

/** A handler by a codec of its own, for the RPCs that carry rows. */
export function direct<Request extends Subject>(
  rpc: string,
  decode: (call: UnaryCall) => Request,
  answer: (deps: HandlerDeps, request: Request, call: UnaryCall) => Promise<Uint8Array>,
): Handler {
  return async (deps, call) => {
    let subject: Subject = {};
    try {
      const request = decode(call);
      subject = request;
      return await answer(deps, request, call);
    } catch (thrown) {
      return encodeFailure(methodOf(rpc).response, failureOf(DbError.from(thrown), subject));
    }
  };
}

/** Whether replies of this type have a place for a status. */
export function hasStatus(responseType: string): boolean {
  const fields = descriptorTables().messages[responseType];
  return responseType === statusType || fields?.['status'] !== undefined;
}

/** A reply that says only why not. */
export function encodeFailure(responseType: string, failure: Failure): Uint8Array {
  const status = failureStatus(failure);
  return encodeMessage(responseType, responseType === statusType ? status : { status });
}

function methodOf(rpc: string): { readonly request: string; readonly response: string } {
  const method = descriptorTables().services[milvusService]?.[rpc];
  if (method === undefined)
    throw new DbError({ code: 'assertion', message: `RPC ${rpc} is not described` });
  return method;
}

function controlRequest(call: UnaryCall, message: ProtoMessage): ControlRequest {
  const { type } = message;
  return {
    database: databaseOf(call, type.has('db_name') ? message.text('db_name') : ''),
    collection: type.has('collection_name') ? message.text('collection_name') : '',
    message,
    context: call.context,
  };
}

function subjectOf(request: ControlRequest): Subject {
  const { database, collection, message } = request;
  const index = message.type.has('index_name') ? message.text('index_name') : '';
  return { database, collection, ...(index === '' ? {} : { index }) };
}
