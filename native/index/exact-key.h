// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The key a client sees, from the raw vectors: one place for flat search and for refinement, so
// that a row has the same key whichever path found it. Keys are never NaN (finite input may still
// overflow, e.g. inf - inf): such a row sorts last.
#pragma once

#include <cstddef>

#include "kernels/kernels.h"

namespace dipper {

class ExactKeys {
 public:
  /** `query` must outlive this object. */
  ExactKeys(Metric metric, const float* query, size_t dim);

  float key(const float* row) const;
  /** Keys of `rowCount` adjacent rows. */
  void keys(const float* rows, size_t rowCount, float* out) const;

 private:
  float cosineKey(const float* row, float ip, float norm2) const;

  const Kernels& kernels_;
  Metric metric_;
  const float* query_;
  size_t dim_;
  float queryNorm_ = 0;
};

/** |vector| in double precision: exact enough where float squares overflow or vanish. */
double vectorNorm(const float* vector, size_t dim);

}  // namespace dipper
