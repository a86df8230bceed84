// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The processor's crc32 instruction takes three cycles but starts one each cycle, so long input
// runs as three independent streams whose states are joined by a table that advances a state
// over one stream's length of zero bytes (the checksum is linear in its state). Processors
// without the instruction use slicing by eight.
#include "base/crc32c.h"

#include <cstring>

namespace dipper {
namespace {

constexpr uint32_t polynomial = 0x82f63b78;  // Castagnoli, bits reversed
constexpr size_t streamBytes = 1024;

struct SliceTables {
  uint32_t entry[8][256];
  SliceTables() {
    for (uint32_t value = 0; value < 256; value++) {
      uint32_t state = value;
      for (int bit = 0; bit < 8; bit++) state = (state >> 1) ^ ((state & 1) != 0 ? polynomial : 0);
      entry[0][value] = state;
    }
    for (uint32_t value = 0; value < 256; value++) {
      for (int slice = 1; slice < 8; slice++) {
        const uint32_t before = entry[slice - 1][value];
        entry[slice][value] = (before >> 8) ^ entry[0][before & 0xff];
      }
    }
  }
};

const SliceTables& sliceTables() {
  static const SliceTables tables;
  return tables;
}

uint64_t loadWord(const uint8_t* data) {
  uint64_t word;
  std::memcpy(&word, data, sizeof word);
  return word;
}

uint32_t advanceByTables(uint32_t state, const uint8_t* data, size_t sizeBytes) {
  const auto& table = sliceTables().entry;
  for (; sizeBytes >= 8; sizeBytes -= 8, data += 8) {
    const uint64_t word = loadWord(data) ^ state;  // every supported platform is little endian
    state = table[7][word & 0xff] ^ table[6][(word >> 8) & 0xff] ^ table[5][(word >> 16) & 0xff] ^
            table[4][(word >> 24) & 0xff] ^ table[3][(word >> 32) & 0xff] ^
            table[2][(word >> 40) & 0xff] ^ table[1][(word >> 48) & 0xff] ^ table[0][word >> 56];
  }
  for (; sizeBytes > 0; sizeBytes--, data++) {
    state = (state >> 8) ^ table[0][(state ^ *data) & 0xff];
  }
  return state;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) uint32_t advanceByInstruction(uint32_t state, const uint8_t* data,
                                                                size_t sizeBytes) {
  uint64_t wide = state;
  for (; sizeBytes >= 8; sizeBytes -= 8, data += 8) {
    wide = __builtin_ia32_crc32di(wide, loadWord(data));
  }
  state = static_cast<uint32_t>(wide);
  for (; sizeBytes > 0; sizeBytes--, data++) state = __builtin_ia32_crc32qi(state, *data);
  return state;
}

/** Maps a state to what it becomes after streamBytes zero bytes, a byte of the state at a time. */
struct SkipTable {
  uint32_t entry[4][256];
  SkipTable() {
    static const uint8_t zeros[streamBytes] = {};
    for (int byte = 0; byte < 4; byte++) {
      entry[byte][0] = 0;
      for (uint32_t bit = 1; bit < 256; bit <<= 1) {
        const uint32_t image = advanceByInstruction(bit << (8 * byte), zeros, streamBytes);
        for (uint32_t low = 0; low < bit; low++) entry[byte][bit + low] = entry[byte][low] ^ image;
      }
    }
  }
  uint32_t apply(uint32_t state) const {
    return entry[0][state & 0xff] ^ entry[1][(state >> 8) & 0xff] ^
           entry[2][(state >> 16) & 0xff] ^ entry[3][state >> 24];
  }
};

__attribute__((target("sse4.2"))) uint32_t advanceByStreams(uint32_t state, const uint8_t* data,
                                                            size_t sizeBytes) {
  static const SkipTable skip;
  for (; sizeBytes >= 3 * streamBytes; sizeBytes -= 3 * streamBytes, data += 3 * streamBytes) {
    uint64_t first = state;
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t at = 0; at < streamBytes; at += 8) {
      first = __builtin_ia32_crc32di(first, loadWord(data + at));
      second = __builtin_ia32_crc32di(second, loadWord(data + streamBytes + at));
      third = __builtin_ia32_crc32di(third, loadWord(data + 2 * streamBytes + at));
    }
    const uint32_t joined =
        skip.apply(static_cast<uint32_t>(first)) ^ static_cast<uint32_t>(second);
    state = skip.apply(joined) ^ static_cast<uint32_t>(third);
  }
  return advanceByInstruction(state, data, sizeBytes);
}

#endif

using Advance = uint32_t (*)(uint32_t, const uint8_t*, size_t);

Advance chooseAdvance() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return advanceByStreams;
#endif
  return advanceByTables;
}

}  // namespace

uint32_t crc32c(const uint8_t* data, size_t sizeBytes, uint32_t seed) {
  static const Advance advance = chooseAdvance();
  return ~advance(~seed, data, sizeBytes);
}

uint32_t crc32cPortable(const uint8_t* data, size_t sizeBytes, uint32_t seed) {
  return ~advanceByTables(~seed, data, sizeBytes);
}

}  // namespace dipper
