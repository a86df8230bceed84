// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of the actors.

export {
  coordinatorAddress,
  mirrorAddress,
  shardReaderAddress,
  shardWriterAddress,
} from './addresses.ts';
export { coordinatorActor } from './coordinator/coordinator.ts';
export type { NewCollection } from './coordinator/messages.ts';
export { type CoordinatorParts, newCoordinatorState } from './coordinator/state.ts';
export { logActor, type LogInit, type LogParts, newLogState } from './log/log-actor.ts';
export { CatalogMirror, defaultDatabase, mirrorActor } from './mirror/mirror.ts';
export {
  type ActorFactories,
  ActorSystem,
  behaviour,
  type CellTask,
  type Host,
  type Packet,
  type Post,
  runCell,
  ThreadHost,
} from './runtime/index.ts';
export {
  newShardReaderState,
  shardReaderActor,
  type ShardReaderInit,
} from './shard-reader/shard-reader.ts';
export type { ShardStats, ShardWriterInit, Staged } from './shard-writer/messages.ts';
export { shardWriterActor } from './shard-writer/shard-writer.ts';
export { newShardWriterState, type ShardWriterParts } from './shard-writer/state.ts';
