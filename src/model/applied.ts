// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The applied stream's events: what one shard did, in order, after it became durable. One event an
// envelope, never one a row. A consumer that starts from nothing and reads them all knows every
// visible key.

import type { Timestamp } from './timestamp.ts';

export interface AppliedEvent {
  readonly type: 'rows';
  readonly collectionId: number;
  readonly shardId: number;
  readonly sequence: number;
  readonly timestamp: Timestamp;
  /** The log body (see log-body.ts): keys and rows as they were written. */
  readonly body: Uint8Array;
  /** Triples (segment id, first row, row count). */
  readonly inserted: Float64Array;
  /** Triples (segment id, row, kind: 1 delete, 2 shadow). */
  readonly hidden: Float64Array;
}
