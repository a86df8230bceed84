// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The loops that run over raw column memory. Every numeric comparison with a constant is one of
// them: "low <= value <= high", bounds included, one bit a row; < and > are made by moving a bound
// one step, != by inverting the bits. There is a table of these for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace dipper {

/** Writes ceil(rowCount / 64) words; bits past rowCount are zero. NaN is between nothing. */
struct ScanTable {
  void (*int8)(const int8_t* values, size_t rowCount, int8_t low, int8_t high, uint64_t* words);
  void (*int16)(const int16_t* values, size_t rowCount, int16_t low, int16_t high, uint64_t* words);
  void (*int32)(const int32_t* values, size_t rowCount, int32_t low, int32_t high, uint64_t* words);
  void (*int64)(const int64_t* values, size_t rowCount, int64_t low, int64_t high, uint64_t* words);
  void (*float32)(const float* values, size_t rowCount, float low, float high, uint64_t* words);
  void (*float64)(const double* values, size_t rowCount, double low, double high, uint64_t* words);
};

/** The table of the level that kernels() chose. */
const ScanTable& scans();
/** A given level's table, or null where this processor or build lacks it; for tests. */
const ScanTable* scansFor(SimdLevel level);

}  // namespace dipper
