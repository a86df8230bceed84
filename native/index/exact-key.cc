// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Keys from raw vectors. A cosine needs care at both ends of the float range: squares of large
// components overflow and squares of small ones vanish, so such rows are computed in double.
#include "index/exact-key.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dipper {
namespace {

constexpr float worstKey = std::numeric_limits<float>::infinity();
/** Squared norms outside this range may have lost components to underflow or overflow. */
constexpr float trustedNorm2Min = 1e-24f;
constexpr float trustedNorm2Max = 1e30f;

float ordered(float key) { return std::isnan(key) ? worstKey : key; }

}  // namespace

double vectorNorm(const float* vector, size_t dim) {
  double total = 0;
  for (size_t i = 0; i < dim; i++) total += double{vector[i]} * vector[i];
  return std::sqrt(total);
}

ExactKeys::ExactKeys(Metric metric, const float* query, size_t dim)
    : kernels_(kernels()), metric_(metric), query_(query), dim_(dim) {
  if (metric == Metric::cosine) queryNorm_ = static_cast<float>(vectorNorm(query, dim));
}

float ExactKeys::cosineKey(const float* row, float ip, float norm2) const {
  const bool trusted = norm2 >= trustedNorm2Min && norm2 <= trustedNorm2Max &&
                       queryNorm_ >= 1e-12f && queryNorm_ <= 1e15f;
  if (trusted) return -ip / (std::sqrt(norm2) * queryNorm_);
  double product = 0;
  for (size_t i = 0; i < dim_; i++) product += double{row[i]} * query_[i];
  const double norms = vectorNorm(row, dim_) * vectorNorm(query_, dim_);
  return norms > 0 ? ordered(static_cast<float>(-product / norms)) : 0.0f;
}

float ExactKeys::key(const float* row) const {
  if (metric_ == Metric::l2) return ordered(kernels_.l2F32(row, query_, dim_));
  if (metric_ == Metric::ip) return ordered(-kernels_.ipF32(row, query_, dim_));
  float ip = 0;
  float norm2 = 0;
  kernels_.ipNormF32(row, query_, dim_, &ip, &norm2);
  return cosineKey(row, ip, norm2);
}

void ExactKeys::keys(const float* rows, size_t rowCount, float* out) const {
  constexpr size_t batchRows = 64;
  float norms2[batchRows];
  for (size_t first = 0; first < rowCount; first += batchRows) {
    const size_t count = std::min(batchRows, rowCount - first);
    const float* const batch = rows + first * dim_;
    float* const keys = out + first;
    if (metric_ == Metric::l2) {
      kernels_.l2F32Rows(query_, batch, dim_, count, dim_, keys);
      for (size_t i = 0; i < count; i++) keys[i] = ordered(keys[i]);
    } else if (metric_ == Metric::ip) {
      kernels_.ipF32Rows(query_, batch, dim_, count, dim_, keys);
      for (size_t i = 0; i < count; i++) keys[i] = ordered(-keys[i]);
    } else {
      kernels_.ipNormF32Rows(query_, batch, dim_, count, dim_, keys, norms2);
      for (size_t i = 0; i < count; i++) keys[i] = cosineKey(batch + i * dim_, keys[i], norms2[i]);
    }
  }
}

}  // namespace dipper
