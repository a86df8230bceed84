// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Flat search against a sort of all keys in double precision: every metric, chunk by chunk, with
// candidate sets from none to all, ties in both orders, zero and extreme vectors.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "index/vector-index.h"
#include "test/check.h"
#include "test/vectors.h"

namespace dipper {
namespace {

using test::naiveKey;
using test::naiveSearch;
using test::randomBitmap;

constexpr Metric allMetrics[] = {Metric::l2, Metric::ip, Metric::cosine};

std::vector<float> noise(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

std::vector<uint32_t> rowsOf(const std::vector<Hit>& hits) {
  std::vector<uint32_t> found;
  for (const Hit& hit : hits) found.push_back(hit.row);
  return found;
}

/** Row numbers of the k best candidates by the naive search. */
std::vector<uint32_t> twinRows(const VectorRows& rows, Metric metric, const float* query, size_t k,
                               const Bitmap* candidates) {
  return rowsOf(naiveSearch(rows, metric, query, k, candidates));
}

DIPPER_TEST(flat_equals_the_twin_for_every_metric_and_filter) {
  constexpr size_t rowCount = 1000;
  for (const size_t dim : {1, 3, 16, 50}) {
    const std::vector<float> data = noise(rowCount * dim, 1);
    const std::vector<float> query = noise(dim, 2);
    const VectorRows rows{data.data(), rowCount, dim};
    for (const Metric metric : allMetrics) {
      for (const double share : {0.0, 0.01, 0.3, 0.9, 1.0}) {
        const Bitmap candidates = randomBitmap(rowCount, share, 3);
        IndexSearch request;
        request.k = 20;
        request.candidates = &candidates;
        std::vector<Hit> hits;
        CHECK_OK(flatSearch(rows, metric, query.data(), 0, request, nullptr, hits));
        // One dimension leaves a cosine of +-1 only: order among equals is the row's.
        if (metric == Metric::cosine && dim == 1) continue;
        CHECK(rowsOf(hits) == twinRows(rows, metric, query.data(), 20, &candidates));
      }
    }
  }
}

DIPPER_TEST(flat_keys_are_exact_and_sorted) {
  const std::vector<float> data = noise(500 * 33, 4);
  const std::vector<float> query = noise(33, 5);
  const VectorRows rows{data.data(), 500, 33};
  for (const Metric metric : allMetrics) {
    IndexSearch request;
    request.k = 1000;
    std::vector<Hit> hits;
    CHECK_OK(flatSearch(rows, metric, query.data(), 0, request, nullptr, hits));
    CHECK_EQ(hits.size(), size_t{500});
    for (size_t i = 0; i < hits.size(); i++) {
      const double expected = naiveKey(metric, data.data() + hits[i].row * 33, query.data(), 33);
      CHECK(std::abs(hits[i].key - expected) < 1e-4);
      CHECK(i == 0 || hits[i - 1].key <= hits[i].key);
    }
  }
}

DIPPER_TEST(flat_chunks_carry_the_best_from_call_to_call) {
  constexpr size_t dim = 8;
  constexpr size_t rowCount = 700;
  const std::vector<float> data = noise(rowCount * dim, 6);
  const std::vector<float> query = noise(dim, 7);
  const Bitmap candidates = randomBitmap(rowCount, 0.5, 8);
  IndexSearch request;
  request.k = 30;
  request.candidates = &candidates;
  std::vector<Hit> hits;
  for (size_t first = 0; first < rowCount; first += 133) {  // not a multiple of a word on purpose
    const VectorRows chunk{data.data() + first * dim, std::min<size_t>(133, rowCount - first), dim};
    CHECK_OK(flatSearch(chunk, Metric::l2, query.data(), static_cast<uint32_t>(first), request,
                        nullptr, hits));
  }
  const VectorRows rows{data.data(), rowCount, dim};
  CHECK(rowsOf(hits) == twinRows(rows, Metric::l2, query.data(), 30, &candidates));
}

DIPPER_TEST(flat_ties_follow_the_caller) {
  const std::vector<float> data(300, 1.0f);
  const VectorRows rows{data.data(), 300, 1};
  const float query = 0;
  IndexSearch request;
  request.k = 3;
  std::vector<Hit> hits;
  CHECK_OK(flatSearch(rows, Metric::l2, &query, 0, request, nullptr, hits));
  CHECK((rowsOf(hits) == std::vector<uint32_t>{0, 1, 2}));
  hits.clear();
  const TieBreak largerFirst = [](uint32_t a, uint32_t b) { return a > b; };
  CHECK_OK(flatSearch(rows, Metric::l2, &query, 0, request, largerFirst, hits));
  CHECK((rowsOf(hits) == std::vector<uint32_t>{299, 298, 297}));
}

DIPPER_TEST(flat_cosine_of_zero_and_extreme_vectors) {
  const std::vector<float> data = {0, 0, 3e25f, 4e25f, 3e-30f, 4e-30f, -3, -4};
  const VectorRows rows{data.data(), 4, 2};
  const std::vector<float> query = {3, 4};
  IndexSearch request;
  std::vector<Hit> hits;
  CHECK_OK(flatSearch(rows, Metric::cosine, query.data(), 0, request, nullptr, hits));
  CHECK_EQ(hits.size(), size_t{4});
  for (const Hit& hit : hits) {
    const float expected[] = {0.0f, -1.0f, -1.0f, 1.0f};
    CHECK(std::abs(hit.key - expected[hit.row]) < 1e-5f);
  }
}

DIPPER_TEST(flat_overflow_sorts_last_and_is_never_nan) {
  const std::vector<float> data = {3e38f, 3e38f, 1, 1};
  const VectorRows rows{data.data(), 2, 2};
  const std::vector<float> query = {3e38f, -3e38f};
  IndexSearch request;
  std::vector<Hit> hits;
  CHECK_OK(flatSearch(rows, Metric::ip, query.data(), 0, request, nullptr, hits));
  CHECK_EQ(hits.size(), size_t{2});
  CHECK_EQ(hits[0].row, 1u);
  CHECK(!std::isnan(hits[1].key));
}

DIPPER_TEST(flat_empty_inputs_and_cancel) {
  const std::vector<float> data = noise(10000, 9);
  const float query = 0;
  IndexSearch request;
  std::vector<Hit> hits;
  CHECK_OK(flatSearch({nullptr, 0, 1}, Metric::l2, &query, 0, request, nullptr, hits));
  CHECK(hits.empty());
  request.k = 0;
  CHECK_OK(flatSearch({data.data(), 10000, 1}, Metric::l2, &query, 0, request, nullptr, hits));
  CHECK(hits.empty());
  CancelFlag cancel;
  cancel.raise();
  request.k = 5;
  request.cancel = &cancel;
  const Status status =
      flatSearch({data.data(), 10000, 1}, Metric::l2, &query, 0, request, nullptr, hits);
  CHECK(status.kind() == ErrorKind::cancelled);
}

}  // namespace
}  // namespace dipper
