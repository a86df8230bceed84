// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A place where actors live: this thread (InlineHost) or a cell, a worker thread of its own
// (ThreadHost). The same actors run in both; one that can tell the difference is a bug.

import type { ActorSpec, Packet } from './actor.ts';

export interface Host {
  spawn(spec: ActorSpec): void;
  deliver(packet: Packet): void;
  close(): Promise<void>;
}
