// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The RPCs that carry rows: insert, delete, search, query. Decoded and encoded by hand (codec/).

import { decodeInsertHeader } from '../codec/insert-header.ts';
import { decodeDeleteRequest, decodeQueryRequest } from '../codec/query-request.ts';
import { encodeMutationResult, encodeQueryResults, encodeSearchResults } from '../codec/replies.ts';
import { decodeSearchRequest } from '../codec/search-request.ts';
import { databaseOf, direct, type Handler, type UnaryCall } from '../call.ts';

/** Decodes, then lets the connection's database stand in for an empty one. */
function decoder<Request extends { readonly database: string }>(
  decode: (bytes: Uint8Array) => Request,
): (call: UnaryCall) => Request {
  return (call) => {
    const request = decode(call.request);
    return { ...request, database: databaseOf(call, request.database) };
  };
}

export const rowHandlers: Readonly<Record<string, Handler>> = {
  Insert: direct('Insert', decoder(decodeInsertHeader), async (deps, request, call) =>
    encodeMutationResult('insert', await deps.database.insert(request, call.context)),
  ),

  Delete: direct('Delete', decoder(decodeDeleteRequest), async (deps, request, call) =>
    encodeMutationResult('delete', await deps.database.delete(request, call.context)),
  ),

  Search: direct('Search', decoder(decodeSearchRequest), async (deps, request, call) =>
    encodeSearchResults(request.collection, await deps.database.search(request, call.context)),
  ),

  Query: direct('Query', decoder(decodeQueryRequest), async (deps, request, call) =>
    encodeQueryResults(request.collection, await deps.database.query(request, call.context)),
  ),
};
