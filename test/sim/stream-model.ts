// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The model: what the applied stream alone says a collection holds. It folds events of all lives
// of an engine; after a crash the stream repeats what is behind the checkpoint, and the repeat must
// be byte for byte what was seen. Its rules are Milvus's, written as plainly as possible: a delete
// hides every older row of a key, an insert shadows the older rows of its key, count(*) counts
// shadowed rows too.

import {
  columnOf,
  decodeLogBody,
  decodeRowBatch,
  type AppliedEvent,
  type BatchColumn,
  sectionKinds,
} from '../../src/model/index.ts';

/** What a simulation reports when the engine and the model disagree. */
export class Violation extends Error {}

interface ModelRow {
  readonly value: bigint;
  readonly timestamp: bigint;
  shadowed: boolean;
  deleted: boolean;
}

export interface ModelFields {
  readonly key: number;
  readonly value: number;
}

export class StreamModel {
  private readonly rows = new Map<string, ModelRow[]>();
  private readonly seen = new Map<number, Map<number, string>>();
  private readonly stamps = new Set<bigint>();
  /** Sequences seen again in this life, by shard. */
  private replayed = new Map<number, Set<number>>();
  private readonly fields: ModelFields;

  constructor(fields: ModelFields) {
    this.fields = fields;
  }

  accept(event: AppliedEvent): void {
    const bySequence = this.seen.get(event.shardId) ?? new Map<number, string>();
    this.seen.set(event.shardId, bySequence);
    const again = this.replayed.get(event.shardId) ?? new Set<number>();
    this.replayed.set(event.shardId, again);
    const print = `${event.timestamp}:${Buffer.from(event.body).toString('base64')}`;
    const known = bySequence.get(event.sequence);
    if (again.has(event.sequence))
      throw new Violation(`sequence ${event.sequence} was applied twice in one life`);
    again.add(event.sequence);
    if (known !== undefined) {
      if (known !== print)
        throw new Violation(`sequence ${event.sequence} came back with other contents`);
      return;
    }
    bySequence.set(event.sequence, print);
    this.stamps.add(event.timestamp);
    this.fold(event.body, event.timestamp);
  }

  /** A new life began: what is behind a shard's checkpoint must be seen again. */
  beginLife(): void {
    this.replayed = new Map();
  }

  /** After recovery: nothing that was applied behind the checkpoint may be missing from the replay. */
  checkReplay(shardId: number, checkpoint: number): void {
    for (const sequence of this.seen.get(shardId)?.keys() ?? []) {
      const again = this.replayed.get(shardId)?.has(sequence) === true;
      if (sequence > checkpoint && !again)
        throw new Violation(`applied sequence ${sequence} of shard ${shardId} is gone`);
      if (sequence <= checkpoint && again)
        throw new Violation(`sequence ${sequence} is in files and was applied again`);
    }
  }

  checkAcknowledged(timestamp: bigint): void {
    if (!this.stamps.has(timestamp))
      throw new Violation(`an acknowledged write at ${timestamp} was never applied`);
  }

  /** Visible rows: key text to value. */
  visible(): Map<string, bigint> {
    const found = new Map<string, bigint>();
    for (const [key, versions] of this.rows) {
      const live = versions.filter((row) => !row.shadowed && !row.deleted);
      if (live.length > 1)
        throw new Violation(`the model itself has ${live.length} visible rows of ${key}`);
      for (const row of live) found.set(key, row.value);
    }
    return found;
  }

  /** count(*): deletes do not count, shadows do. */
  count(): number {
    let total = 0;
    for (const versions of this.rows.values())
      total += versions.filter((row) => !row.deleted).length;
    return total;
  }

  private delete(key: string, timestamp: bigint): void {
    for (const row of this.rows.get(key) ?? []) if (row.timestamp < timestamp) row.deleted = true;
  }

  private fold(body: Uint8Array, timestamp: bigint): void {
    for (const section of decodeLogBody(body)) {
      const batch = decodeRowBatch(section.bytes);
      const keys = keyTexts(columnOf(batch, this.fields.key), batch.rowCount);
      if (section.kind === sectionKinds.delete) {
        for (const key of keys) this.delete(key, timestamp);
        continue;
      }
      const values = int64s(columnOf(batch, this.fields.value));
      keys.forEach((key, i) => {
        const versions = this.rows.get(key) ?? [];
        for (const row of versions) row.shadowed = true;
        versions.push({ value: values[i] ?? 0n, timestamp, shadowed: false, deleted: false });
        this.rows.set(key, versions);
      });
    }
  }
}

export function keyTexts(column: BatchColumn | null, rowCount: number): string[] {
  if (column === null) throw new Violation('a batch without its key column');
  const { offsets, data } = column;
  if (offsets === null) return [...int64s(column)].map(String);
  const decoder = new TextDecoder();
  return Array.from({ length: rowCount }, (_, i) =>
    decoder.decode(data.slice(offsets[i] ?? 0, offsets[i + 1] ?? 0)),
  );
}

export function int64s(column: BatchColumn | null): BigInt64Array {
  if (column === null) throw new Violation('a batch without an expected column');
  return new BigInt64Array(column.data.slice().buffer);
}
