// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Metadata as a port: a log of records whose fold is a state kept in memory. A commit is a
// compare-and-set on the number of records, and durable before it answers; nothing else decides
// what the files in a data directory mean.

/** How records become state. Pure: replay after a crash must give the same state again. */
export interface MetaReducer<State, Change> {
  readonly initial: State;
  /** The state after a record; may throw to refuse one, which is then not committed. */
  apply(state: State, record: Change): State;
  /** The state as plain JSON (bigint allowed), for snapshots. */
  toJson(state: State): unknown;
  fromJson(json: unknown): State;
}

export interface MetaLog<State, Change> {
  readonly state: State;
  /** Records committed so far. */
  readonly version: number;
  /**
   * Commits a record and answers the new version. With an expected version it fails with
   * `version-conflict` when others committed meanwhile; null commits whatever they did.
   */
  commit(expectedVersion: number | null, record: Change): Promise<number>;
  close(): Promise<void>;
}

const bigintKey = '$bigint';

/** JSON that keeps bigint: {"$bigint": "decimal text"}. */
export function toMetaJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'bigint' ? { [bigintKey]: field.toString() } : field,
  );
}

/** Reads what toMetaJson wrote. */
export function fromMetaJson(text: string): unknown {
  return JSON.parse(text, (_key, field: unknown) => {
    if (typeof field !== 'object' || field === null || !(bigintKey in field)) return field;
    return BigInt(String(field[bigintKey]));
  });
}
