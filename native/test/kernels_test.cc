// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Every kernel of every level that this processor has, against a naive loop in double
// precision: odd dimensions, misaligned operands, rows with a stride, extremes. Eight-bit
// products must be exact; float sums within a rounding bound of the sum of magnitudes.
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "test/check.h"

namespace dipper {
namespace {

std::vector<const Kernels*> levels() {
  std::vector<const Kernels*> found;
  for (const SimdLevel level : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
    if (kernelsFor(level) != nullptr) found.push_back(kernelsFor(level));
  }
  return found;
}

std::vector<size_t> dims() {
  std::vector<size_t> all;
  for (size_t dim = 1; dim <= 130; dim++) all.push_back(dim);
  for (const size_t dim : {255, 256, 300, 768, 784, 960, 1536, 4096}) all.push_back(dim);
  return all;
}

struct Sums {
  double l2 = 0;
  double ip = 0;
  double norm2 = 0;
  double magnitude = 0;
};

Sums twin(const float* a, const float* b, size_t dim) {
  Sums sums;
  for (size_t i = 0; i < dim; i++) {
    const double x = a[i];
    const double y = b[i];
    sums.l2 += (x - y) * (x - y);
    sums.ip += x * y;
    sums.norm2 += x * x;
    sums.magnitude += std::abs(x * y);
  }
  return sums;
}

bool close(double actual, double expected, double magnitude) {
  return std::abs(actual - expected) <= 1e-5 * magnitude + 1e-30;
}

/** Random floats whose data starts `offset` floats after an aligned address. */
std::vector<float> noise(size_t count, uint32_t seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

void checkPair(const Kernels& table, const float* a, const float* b, size_t dim) {
  const Sums expected = twin(a, b, dim);
  float ip = 0;
  float norm2 = 0;
  table.ipNormF32(a, b, dim, &ip, &norm2);
  CHECK(close(table.l2F32(a, b, dim), expected.l2, expected.l2));
  CHECK(close(table.ipF32(a, b, dim), expected.ip, expected.magnitude));
  CHECK(close(ip, expected.ip, expected.magnitude));
  CHECK(close(norm2, expected.norm2, expected.norm2));
}

DIPPER_TEST(kernels_float_pairs_equal_the_twin) {
  for (const Kernels* table : levels()) {
    for (const size_t dim : dims()) {
      for (const size_t offset : {0, 1, 3}) {
        const std::vector<float> a = noise(dim + offset, static_cast<uint32_t>(dim), 1.0f);
        const std::vector<float> b = noise(dim + 1, static_cast<uint32_t>(dim) + 7, 3.0f);
        checkPair(*table, a.data() + offset, b.data() + 1, dim);
      }
    }
  }
}

DIPPER_TEST(kernels_float_extremes) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const Kernels* table : levels()) {
    for (const size_t dim : {1, 15, 16, 17, 100}) {
      std::vector<float> a(dim, 1e19f);
      std::vector<float> b(dim, -1e19f);
      CHECK_EQ(table->l2F32(a.data(), b.data(), dim), infinity);
      CHECK(table->l2F32(a.data(), a.data(), dim) == 0.0f);
      a.assign(dim, tiny);
      CHECK(table->ipF32(a.data(), a.data(), dim) == 0.0f);
      a.assign(dim, 0.0f);
      a[dim - 1] = infinity;
      CHECK_EQ(table->l2F32(a.data(), b.data(), dim), infinity);
      a[dim - 1] = std::numeric_limits<float>::quiet_NaN();
      CHECK(std::isnan(table->l2F32(a.data(), b.data(), dim)));
      CHECK(std::isnan(table->ipF32(a.data(), b.data(), dim)));
    }
  }
}

DIPPER_TEST(kernels_float_rows_equal_the_pairs) {
  constexpr size_t rowCount = 9;
  for (const Kernels* table : levels()) {
    for (const size_t dim : {1, 7, 16, 33, 128, 784}) {
      const size_t stride = dim + 3;
      const std::vector<float> rows = noise(rowCount * stride + 1, 5, 1.0f);
      const std::vector<float> query = noise(dim, 6, 1.0f);
      float l2[rowCount], ip[rowCount], ips[rowCount], norms2[rowCount];
      const float* const first = rows.data() + 1;
      table->l2F32Rows(query.data(), first, stride, rowCount, dim, l2);
      table->ipF32Rows(query.data(), first, stride, rowCount, dim, ip);
      table->ipNormF32Rows(query.data(), first, stride, rowCount, dim, ips, norms2);
      for (size_t row = 0; row < rowCount; row++) {
        const Sums expected = twin(first + row * stride, query.data(), dim);
        CHECK(close(l2[row], expected.l2, expected.l2));
        CHECK(close(ip[row], expected.ip, expected.magnitude));
        CHECK(close(ips[row], expected.ip, expected.magnitude));
        CHECK(close(norms2[row], expected.norm2, expected.norm2));
      }
    }
  }
}

DIPPER_TEST(kernels_code_products_are_exact) {
  std::mt19937 random(3);
  for (const Kernels* table : levels()) {
    for (size_t blocks = 1; blocks <= 24; blocks++) {
      const size_t sizeBytes = blocks * codeBlockBytes;
      std::vector<uint8_t> a(sizeBytes + 1);
      std::vector<int8_t> b(sizeBytes + 3);
      for (uint8_t& value : a) value = static_cast<uint8_t>(random());
      for (int8_t& value : b) value = static_cast<int8_t>(random());
      int64_t expected = 0;
      for (size_t i = 0; i < sizeBytes; i++) expected += int64_t{a[i + 1]} * b[i + 3];
      CHECK_EQ(table->ipU8S8(a.data() + 1, b.data() + 3, sizeBytes), expected);
    }
  }
}

DIPPER_TEST(kernels_code_products_do_not_saturate) {
  constexpr size_t sizeBytes = 32768;
  const std::vector<uint8_t> a(sizeBytes, 255);
  for (const Kernels* table : levels()) {
    for (const int value : {-128, 127}) {
      const std::vector<int8_t> b(sizeBytes, static_cast<int8_t>(value));
      CHECK_EQ(table->ipU8S8(a.data(), b.data(), sizeBytes), 255 * value * 32768);
    }
  }
}

DIPPER_TEST(kernels_best_level_is_one_of_the_levels) {
  bool found = false;
  for (const Kernels* table : levels()) found = found || table == &kernels();
  CHECK(found);
  CHECK_EQ(std::string(simdLevelName(kernelsFor(SimdLevel::scalar)->level)), "scalar");
}

}  // namespace
}  // namespace dipper
