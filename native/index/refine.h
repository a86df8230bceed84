// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The last step of a coded search: exact keys for the rows that codes found. Raw rows are the most
// expensive reads of a search, so it stops where codes say that no later row can still win: codes
// order rows up to a noise whose size is known from how the index and the query were encoded.
#pragma once

#include <cstdint>
#include <vector>

#include "index/codes.h"
#include "index/vector-index.h"

namespace dipper {

/** Appends the k best of `gathered` (walk keys, ascending) to `out`, sorted by (key, row). */
void refineHits(const VectorRows& rows, Metric metric, const float* query,
                const EncodedQuery& encoded, uint32_t k, const std::vector<uint64_t>& gathered,
                std::vector<Hit>& out);

}  // namespace dipper
