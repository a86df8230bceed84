// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// CRC32C against published values and against a bit-at-a-time twin, so that neither the
// instruction, the three streams nor the tables can drift from the polynomial.
#include <cstdint>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "test/check.h"

namespace dipper {
namespace {

uint32_t twin(const uint8_t* data, size_t sizeBytes, uint32_t seed) {
  uint32_t state = ~seed;
  for (size_t i = 0; i < sizeBytes; i++) {
    state ^= data[i];
    for (int bit = 0; bit < 8; bit++) state = (state >> 1) ^ ((state & 1) != 0 ? 0x82f63b78u : 0);
  }
  return ~state;
}

std::vector<uint8_t> noise(size_t sizeBytes) {
  std::vector<uint8_t> bytes(sizeBytes);
  uint64_t state = 88172645463325252;
  for (uint8_t& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<uint8_t>(state);
  }
  return bytes;
}

DIPPER_TEST(crc_published_values) {
  const std::string digits = "123456789";
  const auto* data = reinterpret_cast<const uint8_t*>(digits.data());
  CHECK_EQ(crc32c(data, digits.size()), 0xe3069283u);
  CHECK_EQ(crc32cPortable(data, digits.size()), 0xe3069283u);
  const std::vector<uint8_t> zeros(32, 0);
  const std::vector<uint8_t> ones(32, 0xff);
  CHECK_EQ(crc32c(zeros.data(), 32), 0x8a9136aau);
  CHECK_EQ(crc32c(ones.data(), 32), 0x62a8ab43u);
  CHECK_EQ(crc32c(nullptr, 0), 0u);
}

DIPPER_TEST(crc_equals_the_twin_at_every_length_and_offset) {
  const std::vector<uint8_t> bytes = noise(10000);
  for (const size_t sizeBytes : {1, 7, 8, 9, 63, 1023, 3071, 3072, 3073, 6144, 9990}) {
    for (const size_t offset : {0, 1, 5}) {
      const uint32_t expected = twin(bytes.data() + offset, sizeBytes, 0);
      CHECK_EQ(crc32c(bytes.data() + offset, sizeBytes), expected);
      CHECK_EQ(crc32cPortable(bytes.data() + offset, sizeBytes), expected);
    }
  }
}

DIPPER_TEST(crc_of_parts_is_the_crc_of_the_whole) {
  const std::vector<uint8_t> bytes = noise(8000);
  const uint32_t whole = crc32c(bytes.data(), bytes.size());
  for (const size_t cut : {0, 1, 100, 3072, 4000, 7999, 8000}) {
    const uint32_t head = crc32c(bytes.data(), cut);
    CHECK_EQ(crc32c(bytes.data() + cut, bytes.size() - cut, head), whole);
  }
}

}  // namespace
}  // namespace dipper
