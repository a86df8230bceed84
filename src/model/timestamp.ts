// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Hybrid timestamps, Milvus's shape: milliseconds since the epoch << 18 | logical counter. One
// envelope has one. bigint only at the edge; columns hold them as BigUint64Array.

export type Timestamp = bigint;

const logicalBits = 18n;

/** Later than every stamp that will ever be given. */
export const timestampMax: Timestamp = (1n << 63n) - 1n;

export function timestampFromMs(ms: number): Timestamp {
  return BigInt(Math.floor(ms)) << logicalBits;
}

export function timestampToMs(timestamp: Timestamp): number {
  return Number(timestamp >> logicalBits);
}
