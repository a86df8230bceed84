// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The scans without any instruction set of their own, and the choice between the tables.
#include "filter/scan.h"

#include "filter/scan-table.h"

namespace dipper {
namespace scalar {
namespace {

struct Block {
  template <typename T>
  static uint64_t between(const T* values, T low, T high) {
    uint64_t word = 0;
    for (int i = 0; i < 64; i++) {
      const bool inside = (values[i] >= low) & (values[i] <= high);
      word |= uint64_t{inside} << i;
    }
    return word;
  }
};

}  // namespace

const ScanTable scanTable = makeScanTable<Block>();

}  // namespace scalar

const ScanTable* scansFor(SimdLevel level) {
  if (kernelsFor(level) == nullptr) return nullptr;
  switch (level) {
#if defined(__x86_64__)
    case SimdLevel::avx2:
      return &avx2::scanTable;
    case SimdLevel::avx512:
      return &avx512::scanTable;
#endif
    default:
      return &scalar::scanTable;
  }
}

const ScanTable& scans() {
  static const ScanTable& chosen = *scansFor(kernels().level);
  return chosen;
}

}  // namespace dipper
