// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Generated vectors and the naive search that index tests compare with.
#pragma once

#include <cstdint>
#include <vector>

#include "index/vector-index.h"

namespace dipper::test {

/** Clustered rows: uneven clusters in a latent space of lower dimension, bent, with noise. */
std::vector<float> clusteredVectors(size_t rowCount, size_t dim, uint32_t seed, uint32_t drawSeed);

/** Rows set with the given probability. */
Bitmap randomBitmap(size_t rowCount, double share, uint32_t seed);

/** Key in double precision: smaller is better, as in Hit. */
double naiveKey(Metric metric, const float* row, const float* query, size_t dim);

/** The k best by naiveKey, ties by row. */
std::vector<Hit> naiveSearch(const VectorRows& rows, Metric metric, const float* query, size_t k,
                             const Bitmap* candidates);

/** Share of `found` whose key is not worse than the last of `truth`. */
double recallOf(const std::vector<Hit>& found, const std::vector<Hit>& truth);

}  // namespace dipper::test
