// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// When does a shard's memory become files? Pure: tests are tables.

export interface FlushPolicy {
  /** Growing and frozen bytes of a shard at which it is flushed. */
  readonly sizeBytes: number;
  /** Rows that nothing touches are flushed after this, so that the log can be trimmed. */
  readonly idleMs: number;
  /** Pause before a failed attempt is tried again. */
  readonly retryMs: number;
}

export const defaultFlushPolicy: FlushPolicy = {
  sizeBytes: 512 * 1024 * 1024, // one segment; a replay of as much log takes about a second
  idleMs: 600_000,
  retryMs: 5_000,
};

export interface FlushSituation {
  readonly growingBytes: number;
  readonly appliedSinceFlush: number;
  readonly attemptRunning: boolean;
  readonly requested: boolean;
}

export type FlushDecision = 'now' | 'when-idle' | 'no';

export function planFlush(situation: FlushSituation, policy: FlushPolicy): FlushDecision {
  if (situation.attemptRunning) return 'no';
  if (situation.requested || situation.growingBytes >= policy.sizeBytes) return 'now';
  return situation.appliedSinceFlush > 0 ? 'when-idle' : 'no';
}
