// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The portable kernel table.
#include "kernels/ops-scalar.h"
#include "kernels/table.h"

namespace dipper::scalar {

constinit const Kernels table = makeKernels<Ops>(SimdLevel::scalar);

}  // namespace dipper::scalar
