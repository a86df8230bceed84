// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the clients of the crash lane do, as plain data, and what it means by Milvus's rules: an
// insert of an existing key adds a row that hides the older ones, which count(*) still counts; a
// delete removes every row of its keys. Each client owns its keys and waits for each answer, so the
// operations on a key have one order.

/** One request of one client. */
export type Operation =
  | {
      readonly kind: 'insert';
      readonly id: number;
      readonly client: number;
      readonly keys: readonly number[];
      /** One version a key, as decimal text so that it survives JSON. */
      readonly versions: readonly string[];
    }
  | {
      readonly kind: 'delete';
      readonly id: number;
      readonly client: number;
      readonly keys: readonly number[];
    };

/** The rows of one client: for each key its versions, oldest first; the last one is visible. */
export type ClientRows = Map<number, bigint[]>;

/** Changes `rows` as the operation does when it is carried out in full. */
export function applyOperation(rows: ClientRows, operation: Operation): void {
  if (operation.kind === 'delete') {
    for (const key of operation.keys) rows.delete(key);
    return;
  }
  operation.keys.forEach((key, i) => {
    const version = BigInt(operation.versions[i] ?? 0);
    const versions = rows.get(key);
    if (versions === undefined) rows.set(key, [version]);
    else versions.push(version);
  });
}

/** The same rows in a map of their own. */
export function copyRows(rows: ClientRows): ClientRows {
  return new Map([...rows].map(([key, versions]) => [key, [...versions]]));
}

/** How many rows count(*) must report for these. */
export function countRows(rows: ClientRows): number {
  let count = 0;
  for (const versions of rows.values()) count += versions.length;
  return count;
}
