// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// CRC32C (Castagnoli), the checksum of every file section, log frame and block Dipper writes.
// A result is a valid seed: crc32c(b, n, crc32c(a, m)) equals the checksum of a followed by b.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dipper {

/** Checksum of `sizeBytes` bytes; `seed` is the checksum of what went before (0 = nothing). */
uint32_t crc32c(const uint8_t* data, size_t sizeBytes, uint32_t seed = 0);

/** The same by tables alone: the fallback, and the twin that tests compare the instruction with. */
uint32_t crc32cPortable(const uint8_t* data, size_t sizeBytes, uint32_t seed = 0);

}  // namespace dipper
