// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The walk compiled for avx2.
#if defined(__x86_64__)

#include "index/walk-loop.h"
#include "kernels/ops-avx2.h"

namespace dipper::avx2 {

constinit const WalkKernels walkTable = WalkLoop<Ops>::kernels();

}  // namespace dipper::avx2

#endif
