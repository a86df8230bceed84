// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The graph index against hnswlib on Fashion-MNIST (60k x 784, L2): one process, one thread,
// thread CPU time, rounds interleaved, best of each. Not part of the tests, asserts nothing.
//
//   bench_index            the first 1,000 test queries against all 60,000 train rows
//   bench_index tune       the last 1,000 train rows as queries against the rest: every
//                          parameter is chosen here, never on the queries measured
//   bench_index own|tune-own   without the peer, for quick looks
#include <time.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <hnswlib/hnswlib.h>

#include "index/vector-index.h"

namespace {

using dipper::Hit;

constexpr size_t dim = 784;
constexpr size_t k = 10;
constexpr int roundCount = 5;
const std::string folder = "/usr/share/datasets/fashion-mnist/";

double cpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/** Pixels of an idx3 file as floats. */
std::vector<float> readImages(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::vector<float> values;
  if (file == nullptr) return values;
  unsigned char buffer[dim * 64];
  gzread(file, buffer, 16);
  for (int got = gzread(file, buffer, sizeof buffer); got > 0;
       got = gzread(file, buffer, sizeof buffer)) {
    values.insert(values.end(), buffer, buffer + got);
  }
  gzclose(file);
  return values;
}

struct Data {
  std::vector<float> base;
  std::vector<float> queries;
  dipper::VectorRows rows;
  std::vector<std::vector<Hit>> truth;
  size_t queryCount() const { return queries.size() / dim; }
};

void findTruth(Data& data, const dipper::Bitmap* candidates) {
  data.truth.assign(data.queryCount(), {});
  dipper::IndexSearch request;
  request.k = k;
  request.candidates = candidates;
  for (size_t q = 0; q < data.queryCount(); q++) {
    dipper::flatSearch(data.rows, dipper::Metric::l2, data.queries.data() + q * dim, 0, request,
                       nullptr, data.truth[q]);
  }
}

/** Share of answers whose distance is within the true kth (ties count). */
double recallOf(const Data& data, size_t query, const std::vector<float>& keys) {
  const float bound = data.truth[query].back().key * 1.000001f;
  const auto within =
      std::count_if(keys.begin(), keys.end(), [&](float key) { return key <= bound; });
  return static_cast<double>(within) / static_cast<double>(data.truth[query].size());
}

struct Point {
  size_t ef;
  double recall;
  double seconds;
};

/** One pass over all queries; `answer` fills the keys of one query's hits. */
template <typename Answer>
void pass(const Data& data, Point& point, const Answer& answer) {
  std::vector<std::vector<float>> keys(data.queryCount());
  const double start = cpuSeconds();
  for (size_t q = 0; q < data.queryCount(); q++) answer(data.queries.data() + q * dim, keys[q]);
  point.seconds = std::min(point.seconds, cpuSeconds() - start);
  point.recall = 0;
  for (size_t q = 0; q < data.queryCount(); q++) point.recall += recallOf(data, q, keys[q]);
  point.recall /= static_cast<double>(data.queryCount());
}

void report(const char* name, const Data& data, const std::vector<Point>& points) {
  for (const Point& point : points) {
    std::printf("%s ef %zu recall %.4f qps %.0f us %.1f\n", name, point.ef, point.recall,
                static_cast<double>(data.queryCount()) / point.seconds,
                point.seconds / static_cast<double>(data.queryCount()) * 1e6);
  }
  for (const double target : {0.95, 0.99}) {
    const auto at = std::find_if(points.begin(), points.end(),
                                 [&](const Point& point) { return point.recall >= target; });
    if (at == points.end()) continue;
    std::printf("%s first at %.2f: ef %zu qps %.0f\n", name, target, at->ef,
                static_cast<double>(data.queryCount()) / at->seconds);
  }
}

void runOwn(const dipper::VectorIndex& index, const Data& data, const dipper::Bitmap* candidates,
            size_t candidateCount, Point& point) {
  std::vector<Hit> hits;
  pass(data, point, [&](const float* query, std::vector<float>& keys) {
    dipper::IndexSearch request;
    request.k = k;
    request.ef = static_cast<uint32_t>(point.ef);
    request.candidates = candidates;
    request.candidateCount = candidateCount;
    hits.clear();
    index.search(data.rows, query, request, hits);
    for (const Hit& hit : hits) keys.push_back(hit.key);
  });
}

void runPeer(hnswlib::HierarchicalNSW<float>& peer, const Data& data, Point& point) {
  peer.setEf(point.ef);
  pass(data, point, [&](const float* query, std::vector<float>& keys) {
    auto found = peer.searchKnn(query, k);
    for (; !found.empty(); found.pop()) keys.push_back(found.top().first);
  });
}

void benchFilters(const dipper::VectorIndex& index, Data& data) {
  for (const double share : {0.002, 0.01, 0.05, 0.1, 0.2, 0.5, 0.9, 0.99}) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> uniform;
    dipper::Bitmap candidates(data.rows.rowCount);
    for (size_t row = 0; row < data.rows.rowCount; row++) {
      if (uniform(random) < share) candidates.set(row);
    }
    findTruth(data, &candidates);
    for (const size_t ef : {size_t{16}, size_t{64}}) {
      Point point{ef, 0, 1e9};
      for (int round = 0; round < 3; round++) {
        runOwn(index, data, &candidates, candidates.count(), point);
      }
      std::printf("filter %.3f ef %zu recall %.4f us %.1f\n", share, ef, point.recall,
                  point.seconds / static_cast<double>(data.queryCount()) * 1e6);
    }
  }
}

}  // namespace

int main(int argumentCount, char** arguments) {
  const std::string mode = argumentCount > 1 ? arguments[1] : "";
  const bool tune = mode.rfind("tune", 0) == 0;
  const bool withPeer = mode.find("own") == std::string::npos;
  const auto option = [&](int at, unsigned otherwise) {
    return argumentCount > at ? static_cast<unsigned>(std::stoul(arguments[at])) : otherwise;
  };
  Data data;
  data.base = readImages(folder + "train-images-idx3-ubyte.gz");
  data.queries = readImages(folder + "t10k-images-idx3-ubyte.gz");
  if (data.base.empty() || data.queries.empty()) {
    std::printf("no data set in %s (Debian package dataset-fashion-mnist)\n", folder.c_str());
    return 1;
  }
  data.queries.resize(1000 * dim);
  if (tune) {
    data.queries.assign(data.base.end() - 1000 * dim, data.base.end());
    data.base.resize(data.base.size() - 1000 * dim);
  }
  data.rows = {data.base.data(), data.base.size() / dim, dim};
  dipper::BuildOptions options;
  options.m = option(2, 16);
  options.efConstruction = option(3, 200);
  std::vector<uint8_t> image;
  double start = cpuSeconds();
  dipper::Status status = dipper::buildGraphIndex(data.rows, options, image);
  std::printf("own build %.2f s CPU, %.1f MB %s\n", cpuSeconds() - start,
              static_cast<double>(image.size()) / 1e6, status.message().c_str());
  std::shared_ptr<dipper::VectorIndex> index;
  status = dipper::openGraphIndex(image.data(), image.size(), nullptr, index);
  if (!status.ok()) return 1;
  std::printf("own memory %.1f MB, kernels %s\n", static_cast<double>(index->memoryBytes()) / 1e6,
              dipper::simdLevelName(dipper::kernels().level));
  hnswlib::L2Space space(dim);
  hnswlib::HierarchicalNSW<float> peer(&space, withPeer ? data.rows.rowCount : 1, 16, 200);
  if (withPeer) {
    start = cpuSeconds();
    for (size_t row = 0; row < data.rows.rowCount; row++) {
      peer.addPoint(data.base.data() + row * dim, row);
    }
    std::printf("peer build %.2f s CPU\n", cpuSeconds() - start);
  }
  findTruth(data, nullptr);
  std::vector<Point> own, others;
  for (const size_t ef :
       {10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 56, 64, 80, 96, 128, 160, 200}) {
    own.push_back({ef, 0, 1e9});
    others.push_back({ef, 0, 1e9});
    for (int round = 0; round < roundCount; round++) {
      runOwn(*index, data, nullptr, 0, own.back());
      if (withPeer) runPeer(peer, data, others.back());
    }
  }
  report("own", data, own);
  if (withPeer) report("peer", data, others);
  benchFilters(*index, data);
  return 0;
}
