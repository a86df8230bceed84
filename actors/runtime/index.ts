// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of the actor runtime.

export {
  type Actor,
  type ActorFactories,
  type ActorSpec,
  type Address,
  type Behaviour,
  behaviour,
  type Effects,
  type Message,
  type Packet,
  type ReplyTo,
  type StopReason,
} from './actor.ts';
export { type CellParts, runCell } from './cell.ts';
export type { Host } from './host.ts';
export type { Post } from './inline-host.ts';
export { ActorSystem } from './system.ts';
export { type CellTask, ThreadHost } from './thread-host.ts';
