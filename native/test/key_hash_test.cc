// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The key hash is part of the file format: these values never change.
#include <set>
#include <string>

#include "segment/key-blob.h"
#include "segment/key-hash.h"
#include "test/check.h"

namespace dipper {
namespace {

DIPPER_TEST(key_hash_golden_values) {
  CHECK_EQ(hashKey(int64_t{0}), 0x66ba36dab36977f5ull);
  CHECK_EQ(hashKey(int64_t{1}), 0xe21346b5c6a64ff5ull);
  CHECK_EQ(hashKey(int64_t{-1}), 0x72ce2a8ffe66aa27ull);
  CHECK_EQ(hashKey(int64_t{1} << 62), 0xe72b1619e76cbc09ull);
  CHECK_EQ(hashKey(std::string_view("")), 0xc9f1af18b98aa83eull);
  CHECK_EQ(hashKey(std::string_view("a")), 0x0e2b04122981fc8cull);
  CHECK_EQ(hashKey(std::string_view("0123456789abcdef")), 0x328c4451c0b954b6ull);
  CHECK_EQ(hashKey(std::string_view("0123456789abcdefg")), 0x8f6d77911fcfa590ull);
}

DIPPER_TEST(key_hash_spreads_counting_keys) {
  std::set<uint64_t> seen;
  uint32_t perShard[8] = {};
  for (int64_t key = 0; key < 8000; key++) {
    seen.insert(hashKey(key));
    perShard[shardOfHash(hashKey(key), 8)]++;
  }
  CHECK_EQ(seen.size(), size_t{8000});
  for (const uint32_t count : perShard) CHECK(count > 850 && count < 1150);
}

DIPPER_TEST(key_hash_tells_padded_texts_apart) {
  std::set<uint64_t> seen;
  for (size_t size = 0; size < 40; size++) seen.insert(hashKey(std::string(size, '\0')));
  CHECK_EQ(seen.size(), size_t{40});
}

DIPPER_TEST(key_blob_finds_every_row_and_refuses_damage) {
  std::vector<uint64_t> hashes;
  for (int64_t key = 0; key < 500; key++) hashes.push_back(hashKey(key % 400));
  Block image;
  CHECK_OK(KeyBlob::build(hashes, MemoryClass::scratch, image));
  KeyBlob blob;
  CHECK_OK(KeyBlob::open(image.data(), image.size(), 500, blob));
  for (uint32_t row = 0; row < 500; row++) {
    uint32_t found = 0;
    blob.find(hashes[row], [&](uint32_t candidate) { found += candidate == row ? 1 : 0; });
    CHECK_EQ(found, 1u);
  }
  CHECK(!KeyBlob::open(image.data(), image.size(), 499, blob).ok());
  for (size_t cut = 0; cut < image.size(); cut += 61) {
    CHECK(!KeyBlob::open(image.data(), cut, 500, blob).ok());
  }
  for (size_t at = 0; at < image.size(); at += 7) {
    image.data()[at] ^= 0x40;
    // Zero bytes of the header are nobody's; everything else is noticed.
    if (at < 20 || at >= 64) CHECK(!KeyBlob::open(image.data(), image.size(), 500, blob).ok());
    image.data()[at] ^= 0x40;
  }
}

}  // namespace
}  // namespace dipper
