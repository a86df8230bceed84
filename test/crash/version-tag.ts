// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Every row that is ever written carries a version of its own in four places: an Int64 field, a
// VarChar field, the dynamic field and the vector. A row put together from two versions shows at
// once. Versions are odd and lie above 2^53, so one that passed through a double is caught as well.

const base = 1n << 53n;

/** Dimension of the vectors that carry a version: its eight bytes and their complements. */
export const vectorDimension = 16;

/** The n-th version of a run. */
export function versionAt(n: number): bigint {
  return base + 2n * BigInt(n) + 1n;
}

/** The vector of a version: two versions never share one. */
export function vectorOf(version: bigint): Float32Array {
  const vector = new Float32Array(vectorDimension);
  for (let byte = 0; byte < 8; byte += 1) {
    const value = Number((version >> BigInt(8 * byte)) & 0xffn);
    vector[byte] = value;
    vector[byte + 8] = 255 - value;
  }
  return vector;
}

/** The text of a version; its length varies, so that rows do not all have one size. */
export function payloadOf(version: bigint): string {
  return `v${version}${'.'.repeat(Number(version % 97n))}`;
}

/** The dynamic key of a version. */
export function noteOf(version: bigint): string {
  return `note ${version}`;
}
