// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Hostile graph files: cut at every kind of place, with flipped bits, with flipped bits and
// checksums made right again. Each gives status corrupt or an index that answers harmlessly;
// run under SAN=1 this proves that nothing is read out of bounds.
#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "base/crc32c.h"
#include "index/vector-index.h"
#include "test/check.h"
#include "test/vectors.h"

namespace dipper {
namespace {

constexpr size_t headerBytes = 64;
constexpr size_t entryBytes = 32;
constexpr size_t sectionCount = 6;

struct Sample {
  std::vector<float> data;
  VectorRows rows;
  std::vector<uint8_t> image;
};

Sample makeSample(size_t dim, Metric metric) {
  Sample sample;
  sample.data = test::clusteredVectors(300, dim, 1, 2);
  sample.rows = {sample.data.data(), 300, dim};
  BuildOptions options;
  options.metric = metric;
  options.m = 4;
  options.efConstruction = 40;
  CHECK_OK(buildGraphIndex(sample.rows, options, sample.image));
  return sample;
}

/** Opens a copy of exactly the image's size, so that a sanitizer sees its end. */
Status openAndSearch(const Sample& sample, const std::vector<uint8_t>& image) {
  std::shared_ptr<uint8_t[]> bytes(new uint8_t[image.size() + 1]);
  std::copy(image.begin(), image.end(), bytes.get());
  std::shared_ptr<VectorIndex> index;
  const Status status = openGraphIndex(bytes.get(), image.size(), bytes, index);
  if (!status.ok()) return status;
  std::vector<Hit> hits;
  IndexSearch request;
  request.ef = 20;
  return index->search(sample.rows, sample.data.data(), request, hits);
}

bool harmless(const Status& status) {
  return status.ok() || status.kind() == ErrorKind::corrupt || status.kind() == ErrorKind::invalid;
}

/** Makes every checksum fit the bytes, as a hostile writer would. */
void sealImage(std::vector<uint8_t>& image) {
  for (size_t section = 0; section < sectionCount; section++) {
    uint8_t* const entry = image.data() + headerBytes + section * entryBytes;
    uint64_t offset, sizeBytes;
    std::memcpy(&offset, entry + 8, 8);
    std::memcpy(&sizeBytes, entry + 16, 8);
    if (offset > image.size() || sizeBytes > image.size() - offset) continue;
    const uint32_t crc = crc32c(image.data() + offset, sizeBytes);
    std::memcpy(entry + 4, &crc, 4);
  }
  const uint32_t tableCrc = crc32c(image.data() + headerBytes, sectionCount * entryBytes);
  std::memcpy(image.data() + 24, &tableCrc, 4);
  const uint32_t headerCrc = crc32c(image.data(), 28);
  std::memcpy(image.data() + 28, &headerCrc, 4);
}

DIPPER_TEST(graph_file_opens_when_whole) {
  for (const size_t dim : {1, 20, 64, 128}) {
    const Sample sample = makeSample(dim, Metric::cosine);
    CHECK_OK(openAndSearch(sample, sample.image));
    CHECK_OK(checkGraphFile(sample.image.data(), sample.image.size()));
  }
}

DIPPER_TEST(graph_file_cut_short_is_corrupt) {
  const Sample sample = makeSample(64, Metric::l2);
  for (size_t sizeBytes = 0; sizeBytes < sample.image.size();
       sizeBytes += sizeBytes < 400 ? 1 : 509) {
    const std::vector<uint8_t> cut(sample.image.begin(),
                                   sample.image.begin() + static_cast<std::ptrdiff_t>(sizeBytes));
    CHECK(openAndSearch(sample, cut).kind() == ErrorKind::corrupt);
    CHECK(checkGraphFile(cut.data(), cut.size()).kind() == ErrorKind::corrupt);
  }
}

DIPPER_TEST(graph_file_with_flipped_bits) {
  const Sample sample = makeSample(20, Metric::l2);
  std::mt19937 random(3);
  for (int i = 0; i < 2000; i++) {
    std::vector<uint8_t> image = sample.image;
    const size_t at = i < 1000 ? random() % 600 : random() % image.size();
    image[at] ^= static_cast<uint8_t>(1u << (random() % 8));
    CHECK(harmless(openAndSearch(sample, image)));
  }
}

DIPPER_TEST(graph_file_with_flipped_bits_and_right_checksums) {
  for (const Metric metric : {Metric::l2, Metric::ip}) {
    const Sample sample = makeSample(20, metric);
    std::mt19937 random(4);
    for (int i = 0; i < 2000; i++) {
      std::vector<uint8_t> image = sample.image;
      const size_t flips = 1 + random() % 3;
      for (size_t flip = 0; flip < flips; flip++) {
        const size_t at = i < 1200 ? random() % 700 : random() % image.size();
        image[at] ^= static_cast<uint8_t>(1u << (random() % 8));
      }
      sealImage(image);
      CHECK(harmless(openAndSearch(sample, image)));
    }
  }
}

DIPPER_TEST(graph_file_check_finds_any_flip_in_a_section) {
  const Sample sample = makeSample(20, Metric::l2);
  for (size_t section = 0; section < sectionCount; section++) {
    uint64_t offset, sizeBytes;
    const uint8_t* const entry = sample.image.data() + headerBytes + section * entryBytes;
    std::memcpy(&offset, entry + 8, 8);
    std::memcpy(&sizeBytes, entry + 16, 8);
    if (sizeBytes == 0) continue;
    std::vector<uint8_t> image = sample.image;
    image[offset + sizeBytes / 2] ^= 1;
    CHECK(checkGraphFile(image.data(), image.size()).kind() == ErrorKind::corrupt);
  }
}

}  // namespace
}  // namespace dipper
