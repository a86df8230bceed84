// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The AVX2 kernel table; the only kernel object compiled with -mavx2 -mfma.
#if defined(__x86_64__)

#include "kernels/ops-avx2.h"
#include "kernels/table.h"

namespace dipper::avx2 {

constinit const Kernels table = makeKernels<Ops>(SimdLevel::avx2);

}  // namespace dipper::avx2

#endif
