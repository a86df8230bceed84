// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Makes a kernel table from one instruction set's operations. Included only by the object of
// that set: every instance is a template over a type of the set's own namespace, so the linker
// can never put one set's code in another's place.
#pragma once

#include "kernels/kernels.h"

namespace dipper {

/** A streaming scan reads ahead itself; asking this far ahead hides the page crossings. */
constexpr size_t scanAheadBytes = 2048;

template <typename Ops>
struct RowKernels {
  static void readAhead(const float* row, size_t dim) {
    const char* const bytes = reinterpret_cast<const char*>(row) + scanAheadBytes;
    for (size_t at = 0; at < dim * sizeof(float); at += 64) __builtin_prefetch(bytes + at);
  }
  static void l2(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                 size_t dim, float* out) {
    for (size_t row = 0; row < rowCount; row++, rows += strideFloats) {
      readAhead(rows, dim);
      out[row] = Ops::l2F32(rows, query, dim);
    }
  }
  static void ip(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                 size_t dim, float* out) {
    for (size_t row = 0; row < rowCount; row++, rows += strideFloats) {
      readAhead(rows, dim);
      out[row] = Ops::ipF32(rows, query, dim);
    }
  }
  static void ipNorm(const float* query, const float* rows, size_t strideFloats, size_t rowCount,
                     size_t dim, float* ips, float* norms2) {
    for (size_t row = 0; row < rowCount; row++, rows += strideFloats) {
      readAhead(rows, dim);
      Ops::ipNormF32(rows, query, dim, ips + row, norms2 + row);
    }
  }
};

template <typename Ops>
constexpr Kernels makeKernels(SimdLevel level) {
  return Kernels{level,
                 Ops::l2F32,
                 Ops::ipF32,
                 Ops::ipNormF32,
                 RowKernels<Ops>::l2,
                 RowKernels<Ops>::ip,
                 RowKernels<Ops>::ipNorm,
                 Ops::ipU8S8};
}

namespace scalar {
extern const Kernels table;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels table;
}
namespace avx512 {
extern const Kernels table;
}
#endif

}  // namespace dipper
