// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Makes a ScanTable from one instruction set's `Block`, which turns 64 values into a word. Only
// the object of that set includes this, and every instance is a template over a type of the
// set's own namespace, so the linker cannot mix the sets.
#pragma once

#include "filter/scan.h"

namespace dipper {

template <typename Block, typename T>
void scanBetween(const T* values, size_t rowCount, T low, T high, uint64_t* words) {
  const size_t whole = rowCount / 64;
  for (size_t i = 0; i < whole; i++) words[i] = Block::between(values + 64 * i, low, high);
  if (rowCount % 64 == 0) return;
  uint64_t word = 0;
  for (size_t i = 64 * whole; i < rowCount; i++) {
    const bool inside = values[i] >= low && values[i] <= high;
    word |= uint64_t{inside} << (i & 63);
  }
  words[whole] = word;
}

template <typename Block>
constexpr ScanTable makeScanTable() {
  return {scanBetween<Block, int8_t>,  scanBetween<Block, int16_t>, scanBetween<Block, int32_t>,
          scanBetween<Block, int64_t>, scanBetween<Block, float>,   scanBetween<Block, double>};
}

namespace scalar {
extern const ScanTable scanTable;
}
namespace avx2 {
extern const ScanTable scanTable;
}
namespace avx512 {
extern const ScanTable scanTable;
}

}  // namespace dipper
