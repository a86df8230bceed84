// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// AVX-512 kernels (F, BW, DQ, VL and VNNI). Only files compiled for that set (named *avx512.cc)
// may include this. Tails are masked loads, so no kernel reads past its operands.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace dipper::avx512 {

struct Ops {
  static constexpr size_t lanes = 16;

  static __mmask16 tailMask(size_t count) { return static_cast<__mmask16>((1u << count) - 1); }

  // The zero-masked forms: gcc 12 warns of an uninitialised register in the plain ones.
  static __m256 lowerHalf(__m512 all) { return _mm512_maskz_extractf32x8_ps(0xff, all, 0); }
  static __m256i lowerHalf(__m512i all) { return _mm512_maskz_extracti32x8_epi32(0xff, all, 0); }
  static __m256 upperHalf(__m512 all) { return _mm512_maskz_extractf32x8_ps(0xff, all, 1); }
  static __m256i upperHalf(__m512i all) { return _mm512_maskz_extracti32x8_epi32(0xff, all, 1); }

  static float sum(__m512 a, __m512 b, __m512 c, __m512 d) {
    const __m512 all = _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d));
    const __m256 wide = _mm256_add_ps(lowerHalf(all), upperHalf(all));
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(wide), _mm256_extractf128_ps(wide, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
  }

  static __m512 addSquare(__m512 total, __m512 a, __m512 b) {
    const __m512 difference = _mm512_sub_ps(a, b);
    return _mm512_fmadd_ps(difference, difference, total);
  }

  static float l2F32(const float* a, const float* b, size_t dim) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t at = 0;
    for (; at + 4 * lanes <= dim; at += 4 * lanes) {
      s0 = addSquare(s0, _mm512_loadu_ps(a + at), _mm512_loadu_ps(b + at));
      s1 = addSquare(s1, _mm512_loadu_ps(a + at + 16), _mm512_loadu_ps(b + at + 16));
      s2 = addSquare(s2, _mm512_loadu_ps(a + at + 32), _mm512_loadu_ps(b + at + 32));
      s3 = addSquare(s3, _mm512_loadu_ps(a + at + 48), _mm512_loadu_ps(b + at + 48));
    }
    for (; at + lanes <= dim; at += lanes) {
      s0 = addSquare(s0, _mm512_loadu_ps(a + at), _mm512_loadu_ps(b + at));
    }
    if (at < dim) {
      const __mmask16 mask = tailMask(dim - at);
      s1 = addSquare(s1, _mm512_maskz_loadu_ps(mask, a + at), _mm512_maskz_loadu_ps(mask, b + at));
    }
    return sum(s0, s1, s2, s3);
  }

  static float ipF32(const float* a, const float* b, size_t dim) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t at = 0;
    for (; at + 4 * lanes <= dim; at += 4 * lanes) {
      s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at), _mm512_loadu_ps(b + at), s0);
      s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at + 16), _mm512_loadu_ps(b + at + 16), s1);
      s2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at + 32), _mm512_loadu_ps(b + at + 32), s2);
      s3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at + 48), _mm512_loadu_ps(b + at + 48), s3);
    }
    for (; at + lanes <= dim; at += lanes) {
      s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + at), _mm512_loadu_ps(b + at), s0);
    }
    if (at < dim) {
      const __mmask16 mask = tailMask(dim - at);
      s1 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, a + at),
                           _mm512_maskz_loadu_ps(mask, b + at), s1);
    }
    return sum(s0, s1, s2, s3);
  }

  static void ipNormF32(const float* a, const float* b, size_t dim, float* ip, float* norm2) {
    const __m512 zero = _mm512_setzero_ps();
    __m512 p0 = zero, p1 = zero, n0 = zero, n1 = zero;
    size_t at = 0;
    for (; at + 2 * lanes <= dim; at += 2 * lanes) {
      const __m512 a0 = _mm512_loadu_ps(a + at);
      const __m512 a1 = _mm512_loadu_ps(a + at + 16);
      p0 = _mm512_fmadd_ps(a0, _mm512_loadu_ps(b + at), p0);
      p1 = _mm512_fmadd_ps(a1, _mm512_loadu_ps(b + at + 16), p1);
      n0 = _mm512_fmadd_ps(a0, a0, n0);
      n1 = _mm512_fmadd_ps(a1, a1, n1);
    }
    while (at < dim) {
      const size_t left = dim - at < lanes ? dim - at : lanes;
      const __mmask16 mask = tailMask(left);
      const __m512 a0 = _mm512_maskz_loadu_ps(mask, a + at);
      p0 = _mm512_fmadd_ps(a0, _mm512_maskz_loadu_ps(mask, b + at), p0);
      n0 = _mm512_fmadd_ps(a0, a0, n0);
      at += left;
    }
    *ip = sum(p0, p1, zero, zero);
    *norm2 = sum(n0, n1, zero, zero);
  }

  static __m512i load(const void* bytes) { return _mm512_loadu_si512(bytes); }

  static int32_t ipU8S8(const uint8_t* a, const int8_t* b, size_t sizeBytes) {
    __m512i s0 = _mm512_setzero_si512(), s1 = s0;
    size_t at = 0;
    for (; at + 128 <= sizeBytes; at += 128) {
      s0 = _mm512_dpbusd_epi32(s0, load(a + at), load(b + at));
      s1 = _mm512_dpbusd_epi32(s1, load(a + at + 64), load(b + at + 64));
    }
    if (at < sizeBytes) s0 = _mm512_dpbusd_epi32(s0, load(a + at), load(b + at));
    __m128i four = fold(_mm512_add_epi32(s0, s1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
  }

  /** Folds a register to the four sums of its 32-bit columns. */
  static __m128i fold(__m512i all) {
    const __m256i half = _mm256_add_epi32(lowerHalf(all), upperHalf(all));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  }

  static void ipU8S8x4(const uint8_t* const rows[4], const int8_t* b, size_t sizeBytes,
                       int32_t out[4]) {
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t at = 0; at < sizeBytes; at += 64) {
      const __m512i query = load(b + at);
      s0 = _mm512_dpbusd_epi32(s0, load(rows[0] + at), query);
      s1 = _mm512_dpbusd_epi32(s1, load(rows[1] + at), query);
      s2 = _mm512_dpbusd_epi32(s2, load(rows[2] + at), query);
      s3 = _mm512_dpbusd_epi32(s3, load(rows[3] + at), query);
    }
    const __m128i pair01 = _mm_hadd_epi32(fold(s0), fold(s1));
    const __m128i pair23 = _mm_hadd_epi32(fold(s2), fold(s3));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_hadd_epi32(pair01, pair23));
  }
};

}  // namespace dipper::avx512
