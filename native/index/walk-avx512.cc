// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The walk compiled for avx512.
#if defined(__x86_64__)

#include "index/walk-loop.h"
#include "kernels/ops-avx512.h"

namespace dipper::avx512 {

constinit const WalkKernels walkTable = WalkLoop<Ops>::kernels();

}  // namespace dipper::avx512

#endif
