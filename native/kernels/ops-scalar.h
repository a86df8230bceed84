// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The portable kernels: plain loops with eight partial sums, so that the baseline compiler can
// still use what every processor has, and so that rounding stays close to the vector sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dipper::scalar {

struct Ops {
  static constexpr size_t lanes = 8;

  static float sum(const float partial[lanes]) {
    return ((partial[0] + partial[4]) + (partial[1] + partial[5])) +
           ((partial[2] + partial[6]) + (partial[3] + partial[7]));
  }

  static float l2F32(const float* a, const float* b, size_t dim) {
    float partial[lanes] = {};
    size_t at = 0;
    for (; at + lanes <= dim; at += lanes) {
      for (size_t lane = 0; lane < lanes; lane++) {
        const float difference = a[at + lane] - b[at + lane];
        partial[lane] += difference * difference;
      }
    }
    for (; at < dim; at++) partial[at % lanes] += (a[at] - b[at]) * (a[at] - b[at]);
    return sum(partial);
  }

  static float ipF32(const float* a, const float* b, size_t dim) {
    float partial[lanes] = {};
    size_t at = 0;
    for (; at + lanes <= dim; at += lanes) {
      for (size_t lane = 0; lane < lanes; lane++) partial[lane] += a[at + lane] * b[at + lane];
    }
    for (; at < dim; at++) partial[at % lanes] += a[at] * b[at];
    return sum(partial);
  }

  static void ipNormF32(const float* a, const float* b, size_t dim, float* ip, float* norm2) {
    *ip = ipF32(a, b, dim);
    *norm2 = ipF32(a, a, dim);
  }

  static int32_t ipU8S8(const uint8_t* a, const int8_t* b, size_t sizeBytes) {
    int32_t total = 0;
    for (size_t at = 0; at < sizeBytes; at++) total += int32_t{a[at]} * b[at];
    return total;
  }

  static void ipU8S8x4(const uint8_t* const rows[4], const int8_t* b, size_t sizeBytes,
                       int32_t out[4]) {
    for (int row = 0; row < 4; row++) out[row] = ipU8S8(rows[row], b, sizeBytes);
  }
};

}  // namespace dipper::scalar
