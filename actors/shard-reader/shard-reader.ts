// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Follows a shard's views and publishes them while the collection is loaded. Reads themselves
// never pass through here: doors pin the published view directly. Loading and releasing is
// publishing and taking back; the writer keeps accepting rows either way.

import type { NativeFace, NativeHandle } from '../../native/index.ts';
import { type Outcome, succeeded } from '../../src/core/index.ts';
import { mirrorAddress, shardWriterAddress } from '../addresses.ts';
import type { Actor, Effects, ReplyTo } from '../runtime/index.ts';
import type { ShardReaderMessage } from './messages.ts';

export interface ShardReaderInit {
  readonly shardId: number;
  readonly loaded: boolean;
}

export interface ShardReaderState {
  readonly native: NativeFace;
  readonly shardId: number;
  loaded: boolean;
  shard: NativeHandle | null;
  segments: readonly NativeHandle[];
  /** Load requests that came before the first view. */
  waiting: ReplyTo[];
}

export function newShardReaderState(native: NativeFace, init: ShardReaderInit): ShardReaderState {
  return {
    native,
    shardId: init.shardId,
    loaded: init.loaded,
    shard: null,
    segments: [],
    waiting: [],
  };
}

export const shardReaderActor: Actor<ShardReaderState, ShardReaderMessage> = {
  handle(state, message, effects) {
    switch (message.type) {
      case 'view':
        state.shard = message.shard;
        state.segments = message.segments;
        return publish(state, effects);
      case 'set-loaded':
        state.loaded = message.loaded;
        state.waiting.push(message.reply);
        return publish(state, effects);
      case 'wait': {
        const { reply, timestamp } = message;
        effects.ask(
          shardWriterAddress(state.shardId),
          { type: 'when-applied', timestamp },
          (outcome: Outcome<null>) => ({ type: 'applied', outcome, reply }),
        );
        return;
      }
      case 'applied':
        effects.reply(message.reply, message.outcome);
        return;
    }
  },
  stop(state) {
    if (state.shard !== null) state.native.unpublishView(state.shard);
  },
};

function publish(state: ShardReaderState, effects: Effects<ShardReaderMessage>): void {
  if (state.shard === null) return;
  if (state.loaded) state.native.publishView(state.shard, Float64Array.from(state.segments));
  else state.native.unpublishView(state.shard);
  effects.send(mirrorAddress, {
    type: 'shard-loaded',
    shardId: state.shardId,
    loaded: state.loaded,
  });
  for (const reply of state.waiting.splice(0)) effects.reply(reply, succeeded(null));
}
