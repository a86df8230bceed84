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

struct Kernels {
  SimdLevel level;

  // float32, one to one.
  float (*l2F32)(const float* a, const float* b, size_t dim);
  float (*ipF32)(const float* a, const float* b, size_t dim);  // plain a.b, not negated
  // float32, one query to `rowCount` rows that lie strideFloats apart.
  void (*l2F32Rows)(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                    size_t dim, float* out);
  void (*ipF32Rows)(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                    size_t dim, float* out);

  // u8 codes with one global step: squared L2 in code units, exact int32.
  int32_t (*l2U8)(const uint8_t* a, const uint8_t* b, size_t dim);
  /** Four rows against one query; out[4]. Rows may be anywhere. */
  void (*l2U8x4)(const uint8_t* query, const uint8_t* const rows[4], size_t dim, int32_t out[4]);
  /** Sum of products u8 x s8. */
  int32_t (*ipU8S8)(const uint8_t* a, const int8_t* b, size_t dim);
};

/** The best table that this CPU (and DIPPER_SIMD) allows; the same object for the process's life. */
const Kernels& kernels();
/** A given level's table, or null where this CPU or build lacks it; for tests and DIPPER_SIMD. */
const Kernels* kernelsFor(SimdLevel level);
const char* simdLevelName(SimdLevel level);

}  // namespace dipper
