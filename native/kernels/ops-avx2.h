// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// AVX2 and FMA kernels. Only files compiled for that set (named *avx2.cc) may include this.
// Eight-bit products are widened to 16 bit first: the one-instruction u8 x s8 product of this
// set saturates, and distances here are exact.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace dipper::avx2 {

struct Ops {
  static constexpr size_t lanes = 8;

  static float sum(__m256 a, __m256 b, __m256 c, __m256 d) {
    const __m256 all = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
  }

  /** Lanes below `count` set; count is under eight. */
  static __m256i tailMask(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
  }

  static __m256 addSquare(__m256 total, __m256 a, __m256 b) {
    const __m256 difference = _mm256_sub_ps(a, b);
    return _mm256_fmadd_ps(difference, difference, total);
  }

  static float l2F32(const float* a, const float* b, size_t dim) {
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t at = 0;
    for (; at + 4 * lanes <= dim; at += 4 * lanes) {
      s0 = addSquare(s0, _mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at));
      s1 = addSquare(s1, _mm256_loadu_ps(a + at + 8), _mm256_loadu_ps(b + at + 8));
      s2 = addSquare(s2, _mm256_loadu_ps(a + at + 16), _mm256_loadu_ps(b + at + 16));
      s3 = addSquare(s3, _mm256_loadu_ps(a + at + 24), _mm256_loadu_ps(b + at + 24));
    }
    for (; at + lanes <= dim; at += lanes) {
      s0 = addSquare(s0, _mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at));
    }
    if (at < dim) {
      const __m256i mask = tailMask(dim - at);
      s1 = addSquare(s1, _mm256_maskload_ps(a + at, mask), _mm256_maskload_ps(b + at, mask));
    }
    return sum(s0, s1, s2, s3);
  }

  static float ipF32(const float* a, const float* b, size_t dim) {
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t at = 0;
    for (; at + 4 * lanes <= dim; at += 4 * lanes) {
      s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at), s0);
      s1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 8), _mm256_loadu_ps(b + at + 8), s1);
      s2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 16), _mm256_loadu_ps(b + at + 16), s2);
      s3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 24), _mm256_loadu_ps(b + at + 24), s3);
    }
    for (; at + lanes <= dim; at += lanes) {
      s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at), s0);
    }
    if (at < dim) {
      const __m256i mask = tailMask(dim - at);
      s1 = _mm256_fmadd_ps(_mm256_maskload_ps(a + at, mask), _mm256_maskload_ps(b + at, mask), s1);
    }
    return sum(s0, s1, s2, s3);
  }

  static void ipNormF32(const float* a, const float* b, size_t dim, float* ip, float* norm2) {
    const __m256 zero = _mm256_setzero_ps();
    __m256 p0 = zero, p1 = zero, n0 = zero, n1 = zero;
    size_t at = 0;
    for (; at + 2 * lanes <= dim; at += 2 * lanes) {
      const __m256 a0 = _mm256_loadu_ps(a + at);
      const __m256 a1 = _mm256_loadu_ps(a + at + 8);
      p0 = _mm256_fmadd_ps(a0, _mm256_loadu_ps(b + at), p0);
      p1 = _mm256_fmadd_ps(a1, _mm256_loadu_ps(b + at + 8), p1);
      n0 = _mm256_fmadd_ps(a0, a0, n0);
      n1 = _mm256_fmadd_ps(a1, a1, n1);
    }
    while (at < dim) {
      const size_t left = dim - at < lanes ? dim - at : lanes;
      const __m256i mask = tailMask(left);
      const __m256 a0 = _mm256_maskload_ps(a + at, mask);
      p0 = _mm256_fmadd_ps(a0, _mm256_maskload_ps(b + at, mask), p0);
      n0 = _mm256_fmadd_ps(a0, a0, n0);
      at += left;
    }
    *ip = sum(p0, p1, zero, zero);
    *norm2 = sum(n0, n1, zero, zero);
  }

  static int32_t sum(__m256i all) {
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
  }

  static __m256i addProducts(__m256i total, const uint8_t* a, const int8_t* b) {
    const __m128i bytesA = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
    const __m128i bytesB = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
    const __m256i wideA = _mm256_cvtepu8_epi16(bytesA);
    const __m256i wideB = _mm256_cvtepi8_epi16(bytesB);
    return _mm256_add_epi32(total, _mm256_madd_epi16(wideA, wideB));
  }

  static int32_t ipU8S8(const uint8_t* a, const int8_t* b, size_t sizeBytes) {
    __m256i s0 = _mm256_setzero_si256(), s1 = s0;
    for (size_t at = 0; at < sizeBytes; at += 32) {
      s0 = addProducts(s0, a + at, b + at);
      s1 = addProducts(s1, a + at + 16, b + at + 16);
    }
    return sum(_mm256_add_epi32(s0, s1));
  }

  static void ipU8S8x4(const uint8_t* const rows[4], const int8_t* b, size_t sizeBytes,
                       int32_t out[4]) {
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t at = 0; at < sizeBytes; at += 16) {
      s0 = addProducts(s0, rows[0] + at, b + at);
      s1 = addProducts(s1, rows[1] + at, b + at);
      s2 = addProducts(s2, rows[2] + at, b + at);
      s3 = addProducts(s3, rows[3] + at, b + at);
    }
    out[0] = sum(s0);
    out[1] = sum(s1);
    out[2] = sum(s2);
    out[3] = sum(s3);
  }
};

}  // namespace dipper::avx2
