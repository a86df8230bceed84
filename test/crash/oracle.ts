// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the harness knows for certain, in a file of its own that is fsynced before a request is sent
// (`sent`) and after its answer came (`acknowledged`). A request without an answer when the server
// was killed is in doubt: after the restart it may have happened or not, but all of it, and what is
// seen first (`settled`) must stay true for ever. The model is always rebuilt from the file.

import assert from 'node:assert/strict';
import { open, readFile, type FileHandle } from 'node:fs/promises';

import { applyOperation, type ClientRows, type Operation } from './operation.ts';

export type OracleRecord =
  | { readonly type: 'sent'; readonly operation: Operation }
  | { readonly type: 'acknowledged'; readonly id: number }
  | { readonly type: 'settled'; readonly id: number; readonly happened: boolean };

/** What is known of one client: its certain rows, and the request in doubt if there is one. */
export interface ClientKnowledge {
  readonly rows: ClientRows;
  readonly inDoubt: Operation | null;
  /** Keys that this client ever wrote, deleted ones too. */
  readonly touched: ReadonlySet<number>;
}

/** The oracle's file; appends of concurrent clients share an fsync. */
export class OracleFile {
  readonly path: string;
  readonly #file: FileHandle;
  #waiting: { readonly line: string; readonly done: () => void }[] = [];
  #writing: Promise<void> | null = null;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<OracleFile> {
    return new OracleFile(path, await open(path, 'a'));
  }

  /** Returns when the record is durable. */
  append(record: OracleRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(record)}\n`, done: resolve });
      this.#writing ??= this.#drain();
      this.#writing.catch(reject);
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#file.appendFile(batch.map((entry) => entry.line).join(''));
      await this.#file.datasync();
      for (const entry of batch) entry.done();
    }
    this.#writing = null;
  }
}

/** Reads the file back. */
export async function readOracle(path: string): Promise<OracleRecord[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as OracleRecord);
}

/** Replays the records into what is known of each client. */
export function knowledgeOf(records: readonly OracleRecord[], clients: number): ClientKnowledge[] {
  const known = Array.from({ length: clients }, () => ({
    rows: new Map<number, bigint[]>(),
    inDoubt: null as Operation | null,
    touched: new Set<number>(),
  }));
  const clientOf = new Map<number, number>();
  for (const record of records) {
    const id = record.type === 'sent' ? record.operation.id : record.id;
    if (record.type === 'sent') clientOf.set(id, record.operation.client);
    const client = known[clientOf.get(id) ?? -1];
    assert(client !== undefined, `record of an unknown request ${id}`);
    if (record.type === 'sent') {
      assert(client.inDoubt === null, `client sent ${id} with a request in doubt`);
      client.inDoubt = record.operation;
      for (const key of record.operation.keys) client.touched.add(key);
    } else {
      assert(client.inDoubt?.id === id, `answer to ${id}, which is not the open request`);
      const happened = record.type === 'acknowledged' || record.happened;
      if (happened) applyOperation(client.rows, client.inDoubt);
      client.inDoubt = null;
    }
  }
  return known;
}
