// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The write-ahead log as a port. Many shards share one log; its one owner appends groups of
// envelopes and gives them dense sequences. The file log is the default; a cluster puts a stream
// server behind the same calls.

import type { Envelope, EnvelopeDraft } from './envelope.ts';

export interface AppendOptions {
  /** Wait until the group would survive power loss. */
  readonly sync: boolean;
}

export interface AppendResult {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Everything up to this sequence would survive power loss. */
  readonly durableSequence: number;
}

export interface Wal {
  /** First envelope that can still be read; lastSequence + 1 when there is none. */
  readonly firstSequence: number;
  /** Last envelope appended, 0 when there never was one. */
  readonly lastSequence: number;
  readonly durableSequence: number;
  /** Counts the opens of this log. */
  readonly epoch: number;
  /**
   * Appends drafts in their order; their buffers' head rooms become the headers. One call at a
   * time, sync() included: the caller is the log's one owner. Errors: `disk-full` (nothing was
   * appended, the log goes on), `log-failed` (the fate of the group is unknown until a reopen;
   * further appends are refused, reads go on).
   */
  append(drafts: readonly EnvelopeDraft[], options: AppendOptions): Promise<AppendResult>;
  /** Makes everything appended durable. */
  sync(): Promise<void>;
  /**
   * Gives every envelope from a sequence to the last one appended when called, in order. A body
   * stays valid after the visit. `corrupt` when fromSequence was trimmed away or bytes are damaged.
   */
  read(fromSequence: number, visit: (envelope: Envelope) => void | Promise<void>): Promise<void>;
  /** Forgets envelopes up to a sequence, as far as whole files allow. */
  trim(throughSequence: number): Promise<void>;
  /** Closes; what was appended without sync is not made durable by it. */
  close(): Promise<void>;
}
