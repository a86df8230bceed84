// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The hash of primary keys: it decides a row's shard and its place in every key blob on disk, so
// it is part of the file format and never changes. Multiply-fold over 16-byte steps; constants
// are the first 64 fractional bits of the square roots of 2, 3, 5 and 7 (made odd). Golden values
// stand in native/test/key_hash_test.cc.
//
//   fold(a, b)   = low64(a * b) ^ high64(a * b)
//   int64 v      = fold(fold(v ^ root2, root3), root5 ^ 8)
//   bytes b, n   = state = root2 ^ n; for each full 16 bytes: state = fold(w0 ^ state, w1 ^ root3);
//                  the rest (0 to 15 bytes) zero-padded as one more step; fold(state ^ root7,
//                  root5)
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace dipper {

namespace keyhash {
constexpr uint64_t root2 = 0x6a09e667f3bcc909;
constexpr uint64_t root3 = 0xbb67ae8584caa73b;
constexpr uint64_t root5 = 0x3c6ef372fe94f82b;
constexpr uint64_t root7 = 0xa54ff53a5f1d36f1;

inline uint64_t fold(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
}  // namespace keyhash

inline uint64_t hashKey(int64_t value) {
  using namespace keyhash;
  return fold(fold(static_cast<uint64_t>(value) ^ root2, root3), root5 ^ 8);
}

inline uint64_t hashKey(std::string_view bytes) {
  using namespace keyhash;
  uint64_t state = root2 ^ bytes.size();
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t words[2];
  for (; left >= 16; left -= 16, at += 16) {
    std::memcpy(words, at, 16);
    state = fold(words[0] ^ state, words[1] ^ root3);
  }
  words[0] = words[1] = 0;
  if (left > 0) std::memcpy(words, at, left);
  state = fold(words[0] ^ state, words[1] ^ root3);
  return fold(state ^ root7, root5);
}

/** Multiply-shift instead of modulo would be quicker, but modulo is what every reader expects. */
inline uint32_t shardOfHash(uint64_t hash, uint32_t shardCount) {
  return static_cast<uint32_t>(hash % shardCount);
}

}  // namespace dipper
