// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Distance kernels as one table of plain functions per instruction set, chosen once at load
// (DIPPER_SIMD=scalar|avx2|avx512 forces one) and handed to loops, which are templates over the
// set where the call itself would cost. Every entry has a scalar twin with the same meaning.
// Keys are "smaller is better": squared L2, negated inner product, negated cosine. No kernel
// assumes alignment; dim is counted in elements and may be any number from 1.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dipper {

enum class Metric : uint8_t { l2 = 1, ip = 2, cosine = 3 };
enum class SimdLevel : uint8_t { scalar = 0, avx2 = 1, avx512 = 2 };

/** Bytes that code kernels take at a time; code lengths are padded to it (see ipU8S8). */
constexpr size_t codeBlockBytes = 64;

struct Kernels {
  SimdLevel level;

  // float32, one to one.
  float (*l2F32)(const float* a, const float* b, size_t dim);
  float (*ipF32)(const float* a, const float* b, size_t dim);  // plain a.b, not negated
  /** a.b and a.a in one pass over a: what a cosine needs of a row. */
  void (*ipNormF32)(const float* a, const float* b, size_t dim, float* ip, float* norm2);

  // float32, one query to `rowCount` rows that lie strideFloats apart.
  void (*l2F32Rows)(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                    size_t dim, float* out);
  void (*ipF32Rows)(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                    size_t dim, float* out);
  void (*ipNormF32Rows)(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                        size_t dim, float* ips, float* norms2);

  /**
   * Sum of products u8 x s8, exact. sizeBytes is a multiple of codeBlockBytes: bytes of `a` past
   * the real length must be readable, and `b` must be zero there.
   */
  int32_t (*ipU8S8)(const uint8_t* a, const int8_t* b, size_t sizeBytes);
};

/** The best table that this CPU (and DIPPER_SIMD) allows; the same for the process's life. */
const Kernels& kernels();
/** A given level's table, or null where this CPU or build lacks it; for tests and DIPPER_SIMD. */
const Kernels* kernelsFor(SimdLevel level);
const char* simdLevelName(SimdLevel level);

}  // namespace dipper
