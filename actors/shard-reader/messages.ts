// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The shard reader's language: views come in from the writer, load wishes from the coordinator,
// waits from the doors.

import type { Outcome } from '../../src/core/index.ts';
import type { Timestamp } from '../../src/model/index.ts';
import type { ReplyTo } from '../runtime/index.ts';

export type ShardReaderMessage =
  /** The segments that a reader sees from now on. */
  | { readonly type: 'view'; readonly shard: number; readonly segments: readonly number[] }
  /** Answers null when the view is published (or taken back). */
  | { readonly type: 'set-loaded'; readonly loaded: boolean; readonly reply: ReplyTo }
  /** Answers null once every write with a stamp up to this one is applied. */
  | { readonly type: 'wait'; readonly timestamp: Timestamp; readonly reply: ReplyTo }
  | { readonly type: 'applied'; readonly outcome: Outcome<null>; readonly reply: ReplyTo };
