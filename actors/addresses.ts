// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The engine's actors by name. Placement reads these names (see src/engine.ts).

import type { CoordinatorMessage } from './coordinator/messages.ts';
import type { LogMessage } from './log/messages.ts';
import type { MirrorMessage } from './mirror/messages.ts';
import type { Address } from './runtime/actor.ts';
import type { ShardReaderMessage } from './shard-reader/messages.ts';
import type { ShardWriterMessage } from './shard-writer/messages.ts';

export const coordinatorAddress: Address<CoordinatorMessage> = { id: 'coordinator' };
/** Lives on the main thread's host, where the doors are. */
export const mirrorAddress: Address<MirrorMessage> = { id: 'mirror' };

/** Standalone has one log; which log a shard writes to is fixed when it is created. */
export function logAddress(logId: number): Address<LogMessage> {
  return { id: `log/${logId}` };
}

export function shardWriterAddress(shardId: number): Address<ShardWriterMessage> {
  return { id: `shard-writer/${shardId}` };
}

export function shardReaderAddress(shardId: number): Address<ShardReaderMessage> {
  return { id: `shard-reader/${shardId}` };
}
