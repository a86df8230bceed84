// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A few rounds of k-means on a sample of the codes. Rough is enough: what matters is that every
// region has an entry, not that centres are optimal.
#include "index/entries.h"

#include <algorithm>
#include <limits>
#include <random>

#include "kernels/kernels.h"

namespace dipper {
namespace {

constexpr size_t entryCountMax = 128;
constexpr size_t rowsPerEntryMin = 64;
constexpr size_t sampleRowsMax = 8192;
constexpr int roundCount = 6;

struct Sample {
  std::vector<uint32_t> rows;
  std::vector<float> points;  // codeDims floats each
};

Sample takeSample(const CodeView& rows, size_t codeDims, size_t rowCount, std::mt19937_64& random) {
  Sample sample;
  const size_t count = std::min(rowCount, sampleRowsMax);
  for (size_t i = 0; i < count; i++) {
    sample.rows.push_back(static_cast<uint32_t>(count == rowCount ? i : random() % rowCount));
    const uint8_t* const code = rows.codes + sample.rows.back() * rows.strideBytes;
    for (size_t d = 0; d < codeDims; d++) sample.points.push_back(code[d]);
  }
  return sample;
}

/** Index of the nearest of `count` centres. */
size_t nearestCentre(const float* point, const std::vector<float>& centres, size_t dims,
                     std::vector<float>& distances) {
  const size_t count = centres.size() / dims;
  distances.resize(count);
  kernels().l2F32Rows(point, centres.data(), dims, count, dims, distances.data());
  return static_cast<size_t>(std::min_element(distances.begin(), distances.end()) -
                             distances.begin());
}

/** One round: every centre moves to the mean of the points nearest to it. */
void moveCentres(const Sample& sample, size_t dims, std::vector<float>& centres) {
  std::vector<float> sums(centres.size());
  std::vector<uint32_t> members(centres.size() / dims);
  std::vector<float> distances;
  for (size_t i = 0; i < sample.rows.size(); i++) {
    const float* const point = sample.points.data() + i * dims;
    const size_t centre = nearestCentre(point, centres, dims, distances);
    members[centre]++;
    for (size_t d = 0; d < dims; d++) sums[centre * dims + d] += point[d];
  }
  for (size_t centre = 0; centre < members.size(); centre++) {
    if (members[centre] == 0) continue;
    const float share = 1 / static_cast<float>(members[centre]);
    for (size_t d = 0; d < dims; d++) centres[centre * dims + d] = sums[centre * dims + d] * share;
  }
}

/** The sampled row nearest to each centre. */
std::vector<uint32_t> nearestRows(const Sample& sample, size_t dims,
                                  const std::vector<float>& centres) {
  std::vector<uint32_t> entries;
  std::vector<float> distances(sample.rows.size());
  for (size_t at = 0; at < centres.size(); at += dims) {
    kernels().l2F32Rows(centres.data() + at, sample.points.data(), dims, sample.rows.size(), dims,
                        distances.data());
    const auto nearest = std::min_element(distances.begin(), distances.end());
    entries.push_back(sample.rows[static_cast<size_t>(nearest - distances.begin())]);
  }
  return entries;
}

}  // namespace

std::vector<uint32_t> chooseEntries(const CodeView& rows, size_t codeDims, size_t rowCount,
                                    uint64_t seed) {
  if (rowCount == 0) return {};
  std::mt19937_64 random(seed);
  const Sample sample = takeSample(rows, codeDims, rowCount, random);
  const size_t count = std::clamp<size_t>(rowCount / rowsPerEntryMin, 1, entryCountMax);
  std::vector<float> centres;
  for (size_t i = 0; i < count; i++) {
    const size_t from = static_cast<size_t>(random() % sample.rows.size());
    const float* const point = sample.points.data() + from * codeDims;
    centres.insert(centres.end(), point, point + codeDims);
  }
  for (int round = 0; round < roundCount; round++) moveCentres(sample, codeDims, centres);
  std::vector<uint32_t> entries = nearestRows(sample, codeDims, centres);
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

}  // namespace dipper
