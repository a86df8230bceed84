// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The walk compiled for scalar.
#include "index/walk-loop.h"
#include "kernels/ops-scalar.h"

namespace dipper::scalar {

constinit const WalkKernels walkTable = WalkLoop<Ops>::kernels();

}  // namespace dipper::scalar
