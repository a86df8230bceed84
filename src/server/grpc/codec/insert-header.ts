// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the door must know of an InsertRequest: whom it is for and how many rows it says. The rows
// themselves stay protobuf; native code scans, checks and copies them once. So the walk jumps over
// every column by its length.

import type { InsertRequest } from '../../../service/index.ts';
import { WireReader } from '../wire/reader.ts';

/** Reads the header of an insert; database empty = the connection's. */
export function decodeInsertHeader(bytes: Uint8Array): InsertRequest {
  let database = '';
  let collection = '';
  let partition = '';
  let rowCount = 0;
  let schemaTimestamp = 0n;
  const reader = new WireReader(bytes);
  for (let id = reader.next(); id !== 0; id = reader.next()) {
    if (id === 2) database = reader.text();
    else if (id === 3) collection = reader.text();
    else if (id === 4) partition = reader.text();
    else if (id === 7) rowCount = reader.uint32();
    else if (id === 8) schemaTimestamp = reader.uint64();
    else reader.skip();
  }
  return {
    database,
    collection,
    partition,
    rowCount,
    schemaTimestamp,
    rows: { kind: 'protobuf', request: bytes },
  };
}
