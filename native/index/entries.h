// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Where walks begin: rows near the centres of a small k-means, so that the best of them is
// already in the query's region and the walk needs no upper levels.
#pragma once

#include <cstdint>
#include <vector>

#include "index/walk.h"

namespace dipper {

/** Distinct rows, at least one unless there are none; the same for the same seed. */
std::vector<uint32_t> chooseEntries(const CodeView& rows, size_t codeDims, size_t rowCount,
                                    uint64_t seed);

}  // namespace dipper
