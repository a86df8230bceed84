// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The meta log in files: records are JSON envelopes of an ordinary file log, so recovery, chain
// and fault handling are the log's. Commits that arrive while one is being written share the next
// sync, in their order. Now and then the state is written as a snapshot and the log trimmed.

import { DbError } from '../core/index.ts';
import { envelopeBodyBytesMax } from '../core/limits.ts';
import {
  type EnvelopeDraft,
  emptyEnvelopeFields,
  envelopeHeadRoomBytes,
  envelopeKinds,
  jsonEnvelopeBuffer,
} from './envelope.ts';
import { type FileWalDeps, openFileWal } from './file-wal.ts';
import { fromMetaJson, type MetaLog, type MetaReducer, toMetaJson } from './meta-log.ts';
import { readMetaSnapshot, writeMetaSnapshot } from './meta-snapshot.ts';
import type { Wal } from './wal.ts';

export interface MetaLogOptions {
  /** Records between snapshots: what a start replays at most. */
  readonly snapshotEveryRecords: number;
  readonly fileSizeBytes: number;
  readonly zeroAheadBytes: number;
}

export const defaultMetaLogOptions: MetaLogOptions = {
  snapshotEveryRecords: 1_000,
  fileSizeBytes: 4 * 1024 * 1024,
  zeroAheadBytes: 64 * 1024,
};

/** Opens (or begins) the meta log in a folder and folds its records. */
export async function openMetaLog<State, Change>(
  deps: FileWalDeps,
  folder: string,
  reducer: MetaReducer<State, Change>,
  options: MetaLogOptions = defaultMetaLogOptions,
): Promise<MetaLog<State, Change>> {
  const snapshot = await readMetaSnapshot(deps.disk, deps.crc32c, folder);
  const { fileSizeBytes, zeroAheadBytes } = options;
  const minLastSequence = snapshot?.sequence ?? 0;
  const wal = await openFileWal(deps, folder, { fileSizeBytes, zeroAheadBytes, minLastSequence });
  try {
    const log = new FileMetaLog(deps, folder, reducer, options, wal, {
      state: snapshot === null ? reducer.initial : reducer.fromJson(snapshot.json),
      version: snapshot?.version ?? 0,
    });
    await log.replay(minLastSequence + 1);
    return log;
  } catch (thrown) {
    await wal.close();
    throw thrown;
  }
}

interface Folded<State> {
  readonly state: State;
  readonly version: number;
}

interface Commit<Change> {
  readonly expectedVersion: number | null;
  readonly record: Change;
  readonly resolve: (version: number) => void;
  readonly reject: (error: DbError) => void;
}

class FileMetaLog<State, Change> implements MetaLog<State, Change> {
  readonly #deps: FileWalDeps;
  readonly #folder: string;
  readonly #reducer: MetaReducer<State, Change>;
  readonly #options: MetaLogOptions;
  readonly #wal: Wal;
  #folded: Folded<State>;
  #snapshotVersion: number;
  #queue: Commit<Change>[] = [];
  #draining = false;
  /** A mistake of ours that no later commit can put right. */
  #failure: DbError | null = null;

  constructor(
    deps: FileWalDeps,
    folder: string,
    reducer: MetaReducer<State, Change>,
    options: MetaLogOptions,
    wal: Wal,
    folded: Folded<State>,
  ) {
    this.#deps = deps;
    this.#folder = folder;
    this.#reducer = reducer;
    this.#options = options;
    this.#wal = wal;
    this.#folded = folded;
    this.#snapshotVersion = folded.version;
  }

  get state(): State {
    return this.#folded.state;
  }

  get version(): number {
    return this.#folded.version;
  }

  commit(expectedVersion: number | null, record: Change): Promise<number> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ expectedVersion, record, resolve, reject });
      if (!this.#draining) void this.#drain();
    });
  }

  async close(): Promise<void> {
    await this.#wal.close();
  }

  async replay(fromSequence: number): Promise<void> {
    await this.#wal.read(fromSequence, (envelope) => {
      if (envelope.kind !== envelopeKinds.ddl) return;
      const { version, state } = this.#folded;
      const entry = fromMetaJson(new TextDecoder().decode(envelope.body)) as MetaEntry<Change>;
      if (entry.version !== version + 1) {
        const message = `meta log ${this.#folder}: record ${entry.version} follows ${version}`;
        throw new DbError({ code: 'corrupt', message });
      }
      this.#folded = { version: entry.version, state: this.#reducer.apply(state, entry.record) };
    });
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0);
      try {
        await this.#commitGroup(group);
        if (this.version - this.#snapshotVersion >= this.#options.snapshotEveryRecords) {
          await this.#snapshot();
        }
      } catch (thrown) {
        this.#failure = DbError.from(thrown);
        // Those that were answered before stay answered.
        for (const { reject } of [...group, ...this.#queue.splice(0)]) reject(this.#failure);
      }
    }
    this.#draining = false;
  }

  /** One append for all that wait; each is checked against what those before it would leave. */
  async #commitGroup(group: readonly Commit<Change>[]): Promise<void> {
    let folded = this.#folded;
    const drafts: EnvelopeDraft[] = [];
    const accepted: { readonly commit: Commit<Change>; readonly version: number }[] = [];
    for (const commit of group) {
      try {
        const next = this.#fold(folded, commit);
        drafts.push(draftOf({ version: next.version, record: commit.record }));
        accepted.push({ commit, version: next.version });
        folded = next;
      } catch (thrown) {
        commit.reject(DbError.from(thrown));
      }
    }
    if (accepted.length === 0) return;
    try {
      await this.#wal.append(drafts, { sync: true });
    } catch (thrown) {
      for (const { commit } of accepted) commit.reject(DbError.from(thrown));
      return;
    }
    this.#folded = folded;
    for (const { commit, version } of accepted) commit.resolve(version);
  }

  #fold(
    { state, version }: Folded<State>,
    { expectedVersion, record }: Commit<Change>,
  ): Folded<State> {
    if (expectedVersion !== null && expectedVersion !== version) {
      const message = `meta log ${this.#folder}: expected version ${expectedVersion}, it is ${version}`;
      throw new DbError({
        code: 'version-conflict',
        message,
        expected: expectedVersion,
        received: version,
      });
    }
    return { state: this.#reducer.apply(state, record), version: version + 1 };
  }

  async #snapshot(): Promise<void> {
    const { state, version } = this.#folded;
    const sequence = this.#wal.lastSequence;
    const json = this.#reducer.toJson(state);
    // Counted as done even when it fails (a full disk): the records are durable in the log, and
    // the next try comes after as many records again.
    this.#snapshotVersion = version;
    try {
      await writeMetaSnapshot(this.#deps.disk, this.#deps.crc32c, this.#folder, {
        sequence,
        version,
        json,
      });
      await this.#wal.trim(sequence);
    } catch (thrown) {
      const { kind } = DbError.from(thrown);
      if (kind !== 'unavailable') throw thrown;
    }
  }
}

interface MetaEntry<Change> {
  readonly version: number;
  readonly record: Change;
}

function draftOf(entry: MetaEntry<unknown>): EnvelopeDraft {
  const buffer = jsonEnvelopeBuffer(toMetaJson(entry));
  const sizeBytes = buffer.byteLength - envelopeHeadRoomBytes;
  if (sizeBytes > envelopeBodyBytesMax) {
    const expected = `at most ${envelopeBodyBytesMax} bytes of metadata in one record`;
    throw new DbError({ code: 'request-too-large', expected, received: sizeBytes });
  }
  return { ...emptyEnvelopeFields, kind: envelopeKinds.ddl, buffer };
}
