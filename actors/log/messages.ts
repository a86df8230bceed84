// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The log actor's language.

import type { Outcome } from '../../src/core/index.ts';
import type { Durability } from '../../src/model/index.ts';
import type { EnvelopeDraft } from '../../src/storage/index.ts';
import type { ReplyTo } from '../runtime/index.ts';

export interface AppendRequest {
  readonly draft: EnvelopeDraft;
  readonly durability: Durability;
  readonly reply: ReplyTo;
}

export type LogMessage =
  /** Recovers the log; answers null. */
  | { readonly type: 'open'; readonly reply: ReplyTo }
  | { readonly type: 'opened'; readonly outcome: Outcome<null>; readonly reply: ReplyTo }
  /** Sends each envelope after its shard's checkpoint to the shard's writer; answers null at the end. */
  | {
      readonly type: 'replay';
      readonly checkpoints: readonly { readonly shardId: number; readonly sequence: number }[];
      readonly reply: ReplyTo;
    }
  | { readonly type: 'replay-done'; readonly outcome: Outcome<null>; readonly reply: ReplyTo }
  /** Makes everything appended so far durable, whatever was asked of each write; answers null. */
  | { readonly type: 'sync'; readonly reply: ReplyTo }
  /** Answers the envelope's sequence once it is as durable as asked. */
  | ({ readonly type: 'append' } & AppendRequest)
  | {
      readonly type: 'written';
      readonly group: readonly AppendRequest[];
      readonly outcome: Outcome<number>;
    }
  | { readonly type: 'sync-tick' }
  | { readonly type: 'synced'; readonly outcome: Outcome<null> }
  /** A shard's files now hold everything up to this sequence. */
  | { readonly type: 'checkpoint'; readonly shardId: number; readonly sequence: number }
  /** A dropped shard's rows need not be kept. */
  | { readonly type: 'forget'; readonly shardId: number }
  | { readonly type: 'trimmed'; readonly outcome: Outcome<null> };
