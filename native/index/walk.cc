// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Picks the walk compiled for the instruction set that the kernels use.
#include "index/walk.h"

#include "index/walk-loop.h"
#include "kernels/kernels.h"

namespace dipper {

const WalkKernels& walkKernels() {
  switch (kernels().level) {
#if defined(__x86_64__)
    case SimdLevel::avx2:
      return avx2::walkTable;
    case SimdLevel::avx512:
      return avx512::walkTable;
#endif
    default:
      return scalar::walkTable;
  }
}

}  // namespace dipper
