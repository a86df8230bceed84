// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The graph index: recall floors against a naive search for every metric and filter, and the
// properties that hold for any answer: sorted, unique, candidates only, exact keys, the same
// after saving and opening, the same for the same seed.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "index/vector-index.h"
#include "test/check.h"
#include "test/vectors.h"

namespace dipper {
namespace {

using test::clusteredVectors;
using test::naiveKey;
using test::naiveSearch;
using test::randomBitmap;
using test::recallOf;

constexpr Metric allMetrics[] = {Metric::l2, Metric::ip, Metric::cosine};

/** Rows, an index over them, and the image it was opened from. */
struct Fixture {
  std::vector<float> data;
  VectorRows rows;
  Metric metric;
  std::shared_ptr<std::vector<uint8_t>> image = std::make_shared<std::vector<uint8_t>>();
  std::shared_ptr<VectorIndex> index;

  Fixture(std::vector<float> values, size_t dim, Metric metric_, uint32_t m = 16)
      : data(std::move(values)), rows{data.data(), data.size() / dim, dim}, metric(metric_) {
    BuildOptions options;
    options.metric = metric;
    options.m = m;
    options.efConstruction = 200;
    CHECK_OK(buildGraphIndex(rows, options, *image));
    CHECK_OK(openGraphIndex(image->data(), image->size(), image, index));
  }

  std::vector<Hit> search(const float* query, uint32_t k, uint32_t ef,
                          const Bitmap* candidates = nullptr) const {
    IndexSearch request;
    request.k = k;
    request.ef = ef;
    request.candidates = candidates;
    request.candidateCount = candidates != nullptr ? candidates->count() : 0;
    std::vector<Hit> hits;
    CHECK_OK(index->search(rows, query, request, hits));
    checkAnswer(hits, query, k, candidates);
    return hits;
  }

  /** What holds for any answer. */
  void checkAnswer(const std::vector<Hit>& hits, const float* query, uint32_t k,
                   const Bitmap* candidates) const {
    const size_t allowed = candidates != nullptr ? candidates->count() : rows.rowCount;
    CHECK_EQ(hits.size(), std::min<size_t>(k, allowed));
    std::set<uint32_t> seen;
    for (size_t i = 0; i < hits.size(); i++) {
      CHECK(hits[i].row < rows.rowCount);
      CHECK(seen.insert(hits[i].row).second);
      CHECK(candidates == nullptr || candidates->test(hits[i].row));
      const float* const row = data.data() + hits[i].row * rows.dim;
      const double expected = naiveKey(metric, row, query, rows.dim);
      CHECK(std::abs(hits[i].key - expected) <= 1e-4 * (1 + std::abs(expected)));
      if (i == 0) continue;
      const bool ordered = hits[i - 1].key < hits[i].key ||
                           (hits[i - 1].key == hits[i].key && hits[i - 1].row < hits[i].row);
      CHECK(ordered);
    }
  }

  double recall(const std::vector<float>& queries, uint32_t ef, const Bitmap* candidates) const {
    double total = 0;
    const size_t count = queries.size() / rows.dim;
    for (size_t q = 0; q < count; q++) {
      const float* const query = queries.data() + q * rows.dim;
      total += recallOf(search(query, 10, ef, candidates),
                        naiveSearch(rows, metric, query, 10, candidates));
    }
    return total / static_cast<double>(count);
  }
};

DIPPER_TEST(graph_recall_for_every_metric_and_filter) {
  constexpr size_t dim = 48;
  const std::vector<float> queries = clusteredVectors(60, dim, 1, 3);
  for (const Metric metric : allMetrics) {
    const Fixture fixture(clusteredVectors(8000, dim, 1, 2), dim, metric);
    CHECK(fixture.recall(queries, 64, nullptr) >= 0.98);
    CHECK(fixture.recall(queries, 200, nullptr) >= 0.99);
    for (const double share : {0.99, 0.5, 0.1, 0.01, 0.002}) {
      const Bitmap candidates = randomBitmap(8000, share, 4);
      CHECK(fixture.recall(queries, 32, &candidates) >= 0.98);
    }
  }
}

DIPPER_TEST(graph_recall_when_the_filter_opposes_the_query) {
  constexpr size_t dim = 32;
  const Fixture fixture(clusteredVectors(6000, dim, 5, 6), dim, Metric::l2);
  const std::vector<float> queries = clusteredVectors(20, dim, 5, 7);
  double total = 0;
  for (size_t q = 0; q < 20; q++) {
    const float* const query = queries.data() + q * dim;
    // Candidates are the farthest third: a walk finds none where it looks.
    Bitmap candidates(6000);
    const std::vector<Hit> all = naiveSearch(fixture.rows, Metric::l2, query, 6000, nullptr);
    for (size_t i = 4000; i < 6000; i++) candidates.set(all[i].row);
    total += recallOf(fixture.search(query, 10, 32, &candidates),
                      naiveSearch(fixture.rows, Metric::l2, query, 10, &candidates));
  }
  CHECK(total / 20 >= 0.98);
}

DIPPER_TEST(graph_inner_products_of_very_unequal_norms) {
  constexpr size_t dim = 24;
  std::vector<float> data = clusteredVectors(5000, dim, 8, 9);
  for (size_t row = 0; row < 5000; row++) {
    const float scale = row % 50 == 0 ? 8.0f : 0.1f + static_cast<float>(row % 7) / 3;
    for (size_t i = 0; i < dim; i++) data[row * dim + i] *= scale;
  }
  const Fixture fixture(std::move(data), dim, Metric::ip);
  CHECK(fixture.recall(clusteredVectors(50, dim, 8, 10), 64, nullptr) >= 0.98);
}

DIPPER_TEST(graph_queries_outside_the_data) {
  constexpr size_t dim = 20;
  const Fixture fixture(clusteredVectors(4000, dim, 11, 12), dim, Metric::l2);
  std::vector<float> queries = clusteredVectors(40, dim, 11, 13);
  for (float& value : queries) value = value * 20 + 3;
  CHECK(fixture.recall(queries, 128, nullptr) >= 0.9);
}

DIPPER_TEST(graph_tiny_row_counts_and_dimensions) {
  for (const Metric metric : allMetrics) {
    for (const size_t dim : {1, 2, 60, 64, 130}) {
      for (const size_t rowCount : {0, 1, 2, 48, 49, 100}) {
        const std::vector<float> data = clusteredVectors(rowCount, dim, 14, 15);
        const Fixture fixture(data, dim, metric);
        const std::vector<float> query = clusteredVectors(1, dim, 14, 16);
        CHECK_EQ(fixture.index->rowCount(), rowCount);
        const std::vector<Hit> hits = fixture.search(query.data(), 7, 300);
        const std::vector<Hit> truth = naiveSearch(fixture.rows, metric, query.data(), 7, nullptr);
        CHECK(recallOf(hits, truth) == 1.0);
        fixture.search(query.data(), 1000, 0);
      }
    }
  }
}

DIPPER_TEST(graph_all_rows_filtered_and_zero_k) {
  const Fixture fixture(clusteredVectors(500, 8, 17, 18), 8, Metric::l2);
  const std::vector<float> query(8, 0.0f);
  const Bitmap none(500);
  CHECK(fixture.search(query.data(), 10, 0, &none).empty());
  CHECK(fixture.search(query.data(), 0, 0).empty());
}

DIPPER_TEST(graph_many_equal_rows) {
  constexpr size_t dim = 16;
  std::vector<float> data = clusteredVectors(3000, dim, 19, 20);
  for (size_t row = 0; row < 1500; row++) {  // half of the rows are three points
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>((row % 3) * dim), dim,
                data.begin() + static_cast<std::ptrdiff_t>(row * dim));
  }
  const Fixture fixture(data, dim, Metric::l2);
  for (size_t point = 0; point < 3; point++) {
    const std::vector<Hit> hits = fixture.search(data.data() + point * dim, 100, 128);
    CHECK(hits.back().key == 0.0f);
  }
  CHECK(fixture.recall(clusteredVectors(40, dim, 19, 21), 128, nullptr) >= 0.95);
  const Fixture same(std::vector<float>(400 * dim, 0.5f), dim, Metric::cosine);
  CHECK_EQ(same.search(data.data(), 400, 400).size(), size_t{400});
}

DIPPER_TEST(graph_zero_vectors_have_similarity_zero) {
  constexpr size_t dim = 12;
  std::vector<float> data = clusteredVectors(1000, dim, 22, 23);
  std::fill(data.begin(), data.begin() + 50 * dim, 0.0f);
  const Fixture fixture(data, dim, Metric::cosine);
  CHECK(fixture.recall(clusteredVectors(30, dim, 22, 24), 64, nullptr) >= 0.98);
  const std::vector<float> zero(dim, 0.0f);
  for (const Hit& hit : fixture.search(zero.data(), 20, 64)) CHECK(hit.key == 0.0f);
}

DIPPER_TEST(graph_builds_the_same_image_for_the_same_seed) {
  const Fixture first(clusteredVectors(2000, 24, 25, 26), 24, Metric::cosine);
  const Fixture second(clusteredVectors(2000, 24, 25, 26), 24, Metric::cosine);
  CHECK(*first.image == *second.image);
}

DIPPER_TEST(graph_quality_and_size_grow_with_m) {
  const Fixture small(clusteredVectors(1000, 16, 27, 28), 16, Metric::l2, 8);
  const Fixture large(clusteredVectors(1000, 16, 27, 28), 16, Metric::l2, 48);
  CHECK(small.image->size() < large.image->size());
}

DIPPER_TEST(graph_opens_from_any_address_with_the_same_answers) {
  const Fixture fixture(clusteredVectors(1500, 30, 29, 30), 30, Metric::l2);
  const std::vector<float> query = clusteredVectors(1, 30, 29, 31);
  const std::vector<Hit> expected = fixture.search(query.data(), 20, 50);
  for (const size_t offset : {1, 4, 8, 16}) {
    auto moved = std::make_shared<std::vector<uint8_t>>(fixture.image->size() + offset);
    std::memcpy(moved->data() + offset, fixture.image->data(), fixture.image->size());
    std::shared_ptr<VectorIndex> index;
    CHECK_OK(openGraphIndex(moved->data() + offset, fixture.image->size(), moved, index));
    IndexSearch request;
    request.k = 20;
    request.ef = 50;
    std::vector<Hit> hits;
    CHECK_OK(index->search(fixture.rows, query.data(), request, hits));
    CHECK(hits.size() == expected.size());
    for (size_t i = 0; i < std::min(hits.size(), expected.size()); i++) {
      CHECK_EQ(hits[i].row, expected[i].row);
      CHECK(hits[i].key == expected[i].key);
    }
  }
}

DIPPER_TEST(graph_refuses_rows_that_are_not_its_own) {
  const Fixture fixture(clusteredVectors(100, 8, 32, 33), 8, Metric::l2);
  const std::vector<float> query(9, 0.0f);
  std::vector<Hit> hits;
  const IndexSearch request;
  const VectorRows wide{fixture.data.data(), 80, 9};
  const VectorRows few{fixture.data.data(), 99, 8};
  CHECK(fixture.index->search(wide, query.data(), request, hits).kind() == ErrorKind::invalid);
  CHECK(fixture.index->search(few, query.data(), request, hits).kind() == ErrorKind::invalid);
}

DIPPER_TEST(graph_cancel_stops_build_and_search) {
  CancelFlag cancel;
  cancel.raise();
  const std::vector<float> data = clusteredVectors(3000, 8, 34, 35);
  const VectorRows rows{data.data(), 3000, 8};
  BuildOptions options;
  options.cancel = &cancel;
  std::vector<uint8_t> image;
  CHECK(buildGraphIndex(rows, options, image).kind() == ErrorKind::cancelled);
  const Fixture fixture(data, 8, Metric::l2);
  IndexSearch request;
  request.ef = 1000;
  request.cancel = &cancel;
  std::vector<Hit> hits;
  CHECK(fixture.index->search(fixture.rows, data.data(), request, hits).kind() ==
        ErrorKind::cancelled);
}

DIPPER_TEST(graph_reports_progress) {
  std::atomic<uint32_t> progress{0};
  const std::vector<float> data = clusteredVectors(500, 8, 36, 37);
  BuildOptions options;
  options.progressPermille = &progress;
  std::vector<uint8_t> image;
  CHECK_OK(buildGraphIndex({data.data(), 500, 8}, options, image));
  CHECK_EQ(progress.load(), 1000u);
}

}  // namespace
}  // namespace dipper
