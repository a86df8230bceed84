// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// CRC32C by table: the naive twin of native's, for tests and simulations that run without it.
// Same contract: a result is a valid seed for what follows.

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** Checksum of bytes; seed is the checksum of what went before (0 = nothing). */
export function crc32c(bytes: Uint8Array, seed: number): number {
  let state = ~seed >>> 0;
  for (let i = 0; i < bytes.byteLength; i++) {
    state = (state >>> 8) ^ (table[(state ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  return ~state >>> 0;
}
