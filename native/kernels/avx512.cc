// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The AVX-512 kernel table; the only kernel object compiled with -mavx512*.
#if defined(__x86_64__)

#include "kernels/ops-avx512.h"
#include "kernels/table.h"

namespace dipper::avx512 {

constinit const Kernels table = makeKernels<Ops>(SimdLevel::avx512);

}  // namespace dipper::avx512

#endif
