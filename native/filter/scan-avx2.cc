// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Scans for AVX2: 32 bytes of values a step, their sign bits gathered by movemask.
#if defined(__x86_64__)
#include <immintrin.h>

#include "filter/scan-table.h"

namespace dipper::avx2 {
namespace {

__m256i load(const void* values) { return _mm256_loadu_si256(static_cast<const __m256i*>(values)); }

/** Lanes outside [low, high], as all ones. */
__m256i outside8(__m256i v, __m256i low, __m256i high) {
  return _mm256_or_si256(_mm256_cmpgt_epi8(low, v), _mm256_cmpgt_epi8(v, high));
}
__m256i outside16(__m256i v, __m256i low, __m256i high) {
  return _mm256_or_si256(_mm256_cmpgt_epi16(low, v), _mm256_cmpgt_epi16(v, high));
}
__m256i outside32(__m256i v, __m256i low, __m256i high) {
  return _mm256_or_si256(_mm256_cmpgt_epi32(low, v), _mm256_cmpgt_epi32(v, high));
}
__m256i outside64(__m256i v, __m256i low, __m256i high) {
  return _mm256_or_si256(_mm256_cmpgt_epi64(low, v), _mm256_cmpgt_epi64(v, high));
}

uint64_t bits(int mask) { return static_cast<uint32_t>(mask); }

struct Block {
  static uint64_t between(const int8_t* values, int8_t low, int8_t high) {
    const __m256i lows = _mm256_set1_epi8(low);
    const __m256i highs = _mm256_set1_epi8(high);
    uint64_t word = 0;
    for (int i = 0; i < 2; i++) {
      word |= bits(_mm256_movemask_epi8(outside8(load(values + 32 * i), lows, highs))) << (32 * i);
    }
    return ~word;
  }
  static uint64_t between(const int16_t* values, int16_t low, int16_t high) {
    const __m256i lows = _mm256_set1_epi16(low);
    const __m256i highs = _mm256_set1_epi16(high);
    uint64_t word = 0;
    for (int i = 0; i < 2; i++) {
      const __m256i first = outside16(load(values + 32 * i), lows, highs);
      const __m256i second = outside16(load(values + 32 * i + 16), lows, highs);
      const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xd8);
      word |= bits(_mm256_movemask_epi8(packed)) << (32 * i);
    }
    return ~word;
  }
  static uint64_t between(const int32_t* values, int32_t low, int32_t high) {
    const __m256i lows = _mm256_set1_epi32(low);
    const __m256i highs = _mm256_set1_epi32(high);
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
      const __m256i lanes = outside32(load(values + 8 * i), lows, highs);
      word |= bits(_mm256_movemask_ps(_mm256_castsi256_ps(lanes))) << (8 * i);
    }
    return ~word;
  }
  static uint64_t between(const int64_t* values, int64_t low, int64_t high) {
    const __m256i lows = _mm256_set1_epi64x(low);
    const __m256i highs = _mm256_set1_epi64x(high);
    uint64_t word = 0;
    for (int i = 0; i < 16; i++) {
      const __m256i lanes = outside64(load(values + 4 * i), lows, highs);
      word |= bits(_mm256_movemask_pd(_mm256_castsi256_pd(lanes))) << (4 * i);
    }
    return ~word;
  }
  static uint64_t between(const float* values, float low, float high) {
    const __m256 lows = _mm256_set1_ps(low);
    const __m256 highs = _mm256_set1_ps(high);
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
      const __m256 v = _mm256_loadu_ps(values + 8 * i);
      const __m256 lanes =
          _mm256_and_ps(_mm256_cmp_ps(v, lows, _CMP_GE_OQ), _mm256_cmp_ps(v, highs, _CMP_LE_OQ));
      word |= bits(_mm256_movemask_ps(lanes)) << (8 * i);
    }
    return word;
  }
  static uint64_t between(const double* values, double low, double high) {
    const __m256d lows = _mm256_set1_pd(low);
    const __m256d highs = _mm256_set1_pd(high);
    uint64_t word = 0;
    for (int i = 0; i < 16; i++) {
      const __m256d v = _mm256_loadu_pd(values + 4 * i);
      const __m256d lanes =
          _mm256_and_pd(_mm256_cmp_pd(v, lows, _CMP_GE_OQ), _mm256_cmp_pd(v, highs, _CMP_LE_OQ));
      word |= bits(_mm256_movemask_pd(lanes)) << (4 * i);
    }
    return word;
  }
};

}  // namespace

const ScanTable scanTable = makeScanTable<Block>();

}  // namespace dipper::avx2
#endif
