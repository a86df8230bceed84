// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Scans for AVX-512: comparisons give masks, so 64 values are one to eight compares a bound. The
// second compare runs under the first one's mask.
#if defined(__x86_64__)
#include <immintrin.h>

#include "filter/scan-table.h"

namespace dipper::avx512 {
namespace {

struct Block {
  static uint64_t between(const int8_t* values, int8_t low, int8_t high) {
    const __m512i v = _mm512_loadu_si512(values);
    const __mmask64 above = _mm512_cmpge_epi8_mask(v, _mm512_set1_epi8(low));
    return _mm512_mask_cmple_epi8_mask(above, v, _mm512_set1_epi8(high));
  }
  static uint64_t between(const int16_t* values, int16_t low, int16_t high) {
    uint64_t word = 0;
    for (int i = 0; i < 2; i++) {
      const __m512i v = _mm512_loadu_si512(values + 32 * i);
      const __mmask32 above = _mm512_cmpge_epi16_mask(v, _mm512_set1_epi16(low));
      word |= uint64_t{_mm512_mask_cmple_epi16_mask(above, v, _mm512_set1_epi16(high))} << (32 * i);
    }
    return word;
  }
  static uint64_t between(const int32_t* values, int32_t low, int32_t high) {
    uint64_t word = 0;
    for (int i = 0; i < 4; i++) {
      const __m512i v = _mm512_loadu_si512(values + 16 * i);
      const __mmask16 above = _mm512_cmpge_epi32_mask(v, _mm512_set1_epi32(low));
      word |= uint64_t{_mm512_mask_cmple_epi32_mask(above, v, _mm512_set1_epi32(high))} << (16 * i);
    }
    return word;
  }
  static uint64_t between(const int64_t* values, int64_t low, int64_t high) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
      const __m512i v = _mm512_loadu_si512(values + 8 * i);
      const __mmask8 above = _mm512_cmpge_epi64_mask(v, _mm512_set1_epi64(low));
      word |= uint64_t{_mm512_mask_cmple_epi64_mask(above, v, _mm512_set1_epi64(high))} << (8 * i);
    }
    return word;
  }
  static uint64_t between(const float* values, float low, float high) {
    uint64_t word = 0;
    for (int i = 0; i < 4; i++) {
      const __m512 v = _mm512_loadu_ps(values + 16 * i);
      const __mmask16 above = _mm512_cmp_ps_mask(v, _mm512_set1_ps(low), _CMP_GE_OQ);
      const __mmask16 both = _mm512_mask_cmp_ps_mask(above, v, _mm512_set1_ps(high), _CMP_LE_OQ);
      word |= uint64_t{both} << (16 * i);
    }
    return word;
  }
  static uint64_t between(const double* values, double low, double high) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
      const __m512d v = _mm512_loadu_pd(values + 8 * i);
      const __mmask8 above = _mm512_cmp_pd_mask(v, _mm512_set1_pd(low), _CMP_GE_OQ);
      const __mmask8 both = _mm512_mask_cmp_pd_mask(above, v, _mm512_set1_pd(high), _CMP_LE_OQ);
      word |= uint64_t{both} << (8 * i);
    }
    return word;
  }
};

}  // namespace

const ScanTable scanTable = makeScanTable<Block>();

}  // namespace dipper::avx512
#endif
