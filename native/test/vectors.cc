// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Test vectors and their naive search.
#include "test/vectors.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace dipper::test {

std::vector<float> clusteredVectors(size_t rowCount, size_t dim, uint32_t seed, uint32_t drawSeed) {
  const size_t latentDim = std::max<size_t>(1, dim / 3);
  constexpr size_t clusterCount = 40;
  std::mt19937 shape(seed);
  std::normal_distribution<float> normal;
  std::vector<float> mix(latentDim * dim);
  std::vector<float> centres(clusterCount * latentDim);
  for (float& value : mix) value = normal(shape) / std::sqrt(static_cast<float>(latentDim));
  for (float& value : centres) value = normal(shape);
  std::mt19937 random(drawSeed);
  std::vector<float> rows(rowCount * dim);
  std::vector<float> latent(latentDim);
  for (size_t row = 0; row < rowCount; row++) {
    const float uniform = static_cast<float>(random() % 10000) / 10000;
    const size_t cluster = static_cast<size_t>(uniform * uniform * clusterCount);
    for (size_t i = 0; i < latentDim; i++) {
      latent[i] = centres[cluster * latentDim + i] + 0.7f * normal(random);
    }
    for (size_t i = 0; i < dim; i++) {
      float value = 0;
      for (size_t j = 0; j < latentDim; j++) value += latent[j] * mix[j * dim + i];
      rows[row * dim + i] = std::tanh(value) + 0.1f * normal(random);
    }
  }
  return rows;
}

Bitmap randomBitmap(size_t rowCount, double share, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform;
  Bitmap bitmap(rowCount);
  for (size_t row = 0; row < rowCount; row++) {
    if (uniform(random) < share) bitmap.set(row);
  }
  return bitmap;
}

double naiveKey(Metric metric, const float* row, const float* query, size_t dim) {
  double l2 = 0, ip = 0, rowNorm2 = 0, queryNorm2 = 0;
  for (size_t i = 0; i < dim; i++) {
    const double x = row[i];
    const double y = query[i];
    l2 += (x - y) * (x - y);
    ip += x * y;
    rowNorm2 += x * x;
    queryNorm2 += y * y;
  }
  if (metric == Metric::l2) return l2;
  if (metric == Metric::ip) return -ip;
  return rowNorm2 > 0 && queryNorm2 > 0 ? -ip / std::sqrt(rowNorm2 * queryNorm2) : 0.0;
}

std::vector<Hit> naiveSearch(const VectorRows& rows, Metric metric, const float* query, size_t k,
                             const Bitmap* candidates) {
  std::vector<std::pair<double, uint32_t>> all;
  for (size_t row = 0; row < rows.rowCount; row++) {
    if (candidates != nullptr && !candidates->test(row)) continue;
    all.emplace_back(naiveKey(metric, rows.data + row * rows.dim, query, rows.dim),
                     static_cast<uint32_t>(row));
  }
  std::sort(all.begin(), all.end());
  std::vector<Hit> best;
  for (size_t i = 0; i < std::min(k, all.size()); i++) {
    best.push_back({static_cast<float>(all[i].first), all[i].second});
  }
  return best;
}

double recallOf(const std::vector<Hit>& found, const std::vector<Hit>& truth) {
  if (truth.empty()) return found.empty() ? 1.0 : 0.0;
  const float bound = truth.back().key + 1e-5f * std::abs(truth.back().key);
  size_t within = 0;
  for (const Hit& hit : found) within += hit.key <= bound ? 1 : 0;
  return static_cast<double>(within) / static_cast<double>(truth.size());
}

}  // namespace dipper::test
