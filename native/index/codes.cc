// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Training and encoding of u8 codes; the header has the idea.
#include "index/codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "index/exact-key.h"
#include "kernels/kernels.h"

namespace dipper {
namespace {

constexpr size_t sampleRowsMax = 2048;
constexpr float codeMax = 255;
constexpr int codeMiddle = 128;  // codes minus this are the signed side of a product
/** The spread of the extra coordinate costs bytes in every row; past this it is clipped instead. */
constexpr uint32_t extraDimsMax = 512;

struct Scaled {
  float scale;  // row values are multiplied by it
  float extra;  // the extra coordinate
};

Scaled scaleOf(const CodeSpace& space, const float* row) {
  if (space.metric == Metric::l2) return {1, 0};
  const double norm = vectorNorm(row, space.dim);
  if (space.metric == Metric::cosine) {
    return norm > 0 ? Scaled{static_cast<float>(1 / norm), 0} : Scaled{0, 1};
  }
  const double largest = space.largestNorm;
  return {1, static_cast<float>(std::sqrt(std::max(0.0, largest * largest - norm * norm)))};
}

/** Nearest code; anything that is no number in range (NaN included) goes to an end. */
uint8_t roundCode(float value) {
  if (!(value > 0)) return 0;
  return value >= codeMax ? 255 : static_cast<uint8_t>(value + 0.5f);
}

std::vector<size_t> sampleRows(size_t rowCount, uint64_t seed) {
  std::vector<size_t> rows(std::min(rowCount, sampleRowsMax));
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < rows.size(); i++) {
    rows[i] = rows.size() == rowCount ? i : static_cast<size_t>(random() % rowCount);
  }
  return rows;
}

/** What every row's norm tells: M, and the largest extra coordinate. */
float largestExtra(CodeSpace& space, const VectorRows& rows) {
  if (space.metric == Metric::l2) return 0;
  double largest = 0;
  double smallest = std::numeric_limits<double>::infinity();
  for (size_t row = 0; row < rows.rowCount; row++) {
    const double norm = vectorNorm(rows.data + row * rows.dim, rows.dim);
    largest = std::max(largest, norm);
    smallest = std::min(smallest, norm);
  }
  if (space.metric == Metric::cosine) return smallest > 0 ? 0.0f : 1.0f;
  space.largestNorm = static_cast<float>(largest);
  return static_cast<float>(std::sqrt(std::max(0.0, largest * largest - smallest * smallest)));
}

struct Range {
  std::vector<float> middle;  // of each dimension
  float width = 0;            // of the widest
};

Range rangeOf(const CodeSpace& space, const VectorRows& rows, const std::vector<size_t>& sample) {
  std::vector<float> low(space.dim, std::numeric_limits<float>::infinity());
  std::vector<float> high(space.dim, -std::numeric_limits<float>::infinity());
  for (const size_t row : sample) {
    const float* const values = rows.data + row * rows.dim;
    const float scale = scaleOf(space, values).scale;
    for (uint32_t i = 0; i < space.dim; i++) {
      low[i] = std::min(low[i], values[i] * scale);
      high[i] = std::max(high[i], values[i] * scale);
    }
  }
  Range range;
  for (uint32_t i = 0; i < space.dim; i++) {
    range.middle.push_back(low[i] / 2 + high[i] / 2);
    range.width = std::max(range.width, high[i] - low[i]);
  }
  return range;
}

/** Offsets lie on the grid of the step, so that data which is on the grid (bytes) codes exactly. */
void setStep(CodeSpace& space, const Range& range, float width) {
  space.step = width / codeMax;
  space.offsets.resize(space.dim);
  for (uint32_t i = 0; i < space.dim; i++) {
    space.offsets[i] = std::round((range.middle[i] - width / 2) / space.step) * space.step;
  }
}

/** Mean squared error of a dimension in the rows' own units. */
double sampleError(const CodeSpace& space, const VectorRows& rows,
                   const std::vector<size_t>& sample, size_t rowCount) {
  double total = 0;
  for (size_t s = 0; s < rowCount; s++) {
    const float* const values = rows.data + sample[s] * rows.dim;
    const float scale = scaleOf(space, values).scale;
    for (uint32_t i = 0; i < space.dim; i++) {
      const float value = (values[i] * scale - space.offsets[i]) / space.step;
      const double error = double{value} - roundCode(value);
      total += error * error;
    }
  }
  const double mean = total / (static_cast<double>(rowCount) * space.dim);
  return mean * space.step * space.step;
}

}  // namespace

CodeLayout codeLayout(uint32_t codeDims) {
  constexpr uint32_t tailBytes = sizeof(int32_t);
  CodeLayout layout;
  layout.codeBytes = (codeDims + 63) / 64 * 64;
  if (codeDims + tailBytes <= layout.codeBytes) {
    layout.strideBytes = 64;
    while (layout.strideBytes / 2 >= codeDims + tailBytes && layout.strideBytes > 16) {
      layout.strideBytes /= 2;  // short rows: several in a cache line, none across two
    }
    if (layout.codeBytes > 64) layout.strideBytes = layout.codeBytes;
    layout.tailOffset = layout.strideBytes - tailBytes;
  } else {
    layout.strideBytes = layout.codeBytes;
  }
  return layout;
}

CodeSpace trainCodeSpace(const VectorRows& rows, Metric metric, uint64_t seed) {
  CodeSpace space;
  space.metric = metric;
  space.dim = static_cast<uint32_t>(rows.dim);
  space.offsets.assign(rows.dim, 0.0f);
  if (rows.rowCount == 0) return space;
  const float extra = largestExtra(space, rows);
  const std::vector<size_t> sample = sampleRows(rows.rowCount, seed);
  const Range range = rangeOf(space, rows, sample);
  float width = std::max(range.width, extra / std::sqrt(static_cast<float>(extraDimsMax)));
  if (!(width > 0) || !std::isfinite(width)) width = codeMax;
  // Clipping rare outliers buys a finer step for the rest: take what errs least on the sample.
  const size_t trialRows = std::min<size_t>(sample.size(), 256);
  float bestWidth = width;
  double bestError = std::numeric_limits<double>::infinity();
  for (const float share : {1.0f, 0.85f, 0.7f, 0.55f, 0.45f, 0.35f, 0.25f, 0.18f}) {
    setStep(space, range, width * share);
    const double error = sampleError(space, rows, sample, trialRows);
    if (error < bestError) {
      bestError = error;
      bestWidth = width * share;
    }
  }
  setStep(space, range, bestWidth);
  const double error = sampleError(space, rows, sample, sample.size());
  space.rmsError = static_cast<float>(std::sqrt(error)) / space.step;
  const float spread = extra / bestWidth;
  space.extraDims = std::min(extraDimsMax, static_cast<uint32_t>(std::ceil(spread * spread)));
  return space;
}

void encodeRow(const CodeSpace& space, const float* row, uint8_t* code) {
  const Scaled scaled = scaleOf(space, row);
  const float perUnit = 1 / space.step;
  for (uint32_t i = 0; i < space.dim; i++) {
    code[i] = roundCode((row[i] * scaled.scale - space.offsets[i]) * perUnit);
  }
  if (space.extraDims == 0) return;
  const float part = scaled.extra / std::sqrt(static_cast<float>(space.extraDims)) * perUnit;
  for (uint32_t i = 0; i < space.extraDims; i++) code[space.dim + i] = roundCode(part);
}

int32_t codeTail(const uint8_t* code, size_t codeDims) {
  int32_t tail = 0;
  for (size_t i = 0; i < codeDims; i++) tail += int32_t{code[i]} * (code[i] - 2 * codeMiddle);
  return tail;
}

CodeQuery queryOfRow(const CodeView& rows, size_t codeDims, uint32_t row, int8_t* code) {
  const uint8_t* const rowCode = rows.codes + row * rows.strideBytes;
  for (size_t i = 0; i < codeDims; i++) code[i] = static_cast<int8_t>(rowCode[i] - codeMiddle);
  std::fill(code + codeDims, code + rows.codeBytes, int8_t{0});
  // The bias follows from a row's distance to itself being zero.
  int32_t tail;
  std::memcpy(&tail, rows.tails + row * rows.tailStrideBytes, sizeof tail);
  const int32_t product = kernels().ipU8S8(rowCode, code, rows.codeBytes);
  return CodeQuery{code, 2 * static_cast<uint32_t>(product) - static_cast<uint32_t>(tail), 0};
}

namespace {

constexpr uint32_t middleBias = uint32_t{1} << 31;  // keeps distances that may be negative in range
constexpr float typicalRoundError = 0.29f;  // of a uniform value rounded to a whole number
constexpr int shiftMax = 24;

/**
 * Rounds `dim` values times perUnit to signed codes; the squared error of the result. Branch-free
 * with partial sums: this runs once a query, before anything else can start.
 */
float signedCodes(const float* values, size_t dim, float perUnit, int8_t* codes) {
  constexpr size_t lanes = 8;
  float partial[lanes] = {};
  for (size_t base = 0; base < dim; base += lanes) {
    const size_t count = std::min(lanes, dim - base);
    for (size_t lane = 0; lane < count; lane++) {
      const float value = values[base + lane] * perUnit + codeMiddle;
      const float inside = std::min(std::max(0.0f, value), codeMax);  // NaN becomes 0
      const int rounded = static_cast<int>(inside + 0.5f);
      const float error = value - static_cast<float>(rounded);
      partial[lane] += error * error;
      codes[base + lane] = static_cast<int8_t>(rounded - codeMiddle);
    }
  }
  return ((partial[0] + partial[4]) + (partial[1] + partial[5])) +
         ((partial[2] + partial[6]) + (partial[3] + partial[7]));
}

/** Inner products order by the product alone, so the query gets a scale of its own. */
void encodeProduct(const CodeSpace& space, const float* query, EncodedQuery& out) {
  float largest = 0;
  for (uint32_t i = 0; i < space.dim; i++) largest = std::max(largest, std::abs(query[i]));
  const float queryStep = largest > 0 && std::isfinite(largest) ? largest / 127 : 1;
  signedCodes(query, space.dim, 1 / queryStep, out.code.data());
  out.usesTails = false;
  out.query.bias = middleBias;
  out.keyScale = 2 / (space.step * queryStep);
  const float queryNorm = static_cast<float>(vectorNorm(query, space.dim)) / queryStep;
  out.fixedNoise = 2 * queryNorm * std::hypot(space.rmsError, typicalRoundError);
}

/**
 * Distances to a query inside the data's range are exact in code space. A query outside it is
 * coded more coarsely, halving until it fits: all distances shrink alike.
 */
void encodePoint(const CodeSpace& space, const float* query, float scale, EncodedQuery& out) {
  std::vector<float> units(space.dim);
  const float perStep = 1 / space.step;
  for (uint32_t i = 0; i < space.dim; i++) {
    units[i] = (query[i] * scale - space.offsets[i]) * perStep - codeMiddle;
  }
  const float allowed = 0.25f * static_cast<float>(space.dim);
  float error2 = 0;
  int shift = 0;
  for (;; shift++) {
    error2 = signedCodes(units.data(), space.dim, std::ldexp(1.0f, -shift), out.code.data());
    if (!(error2 > allowed) || shift == shiftMax) break;
  }
  std::fill_n(out.code.data() + space.dim, space.extraDims, static_cast<int8_t>(-codeMiddle));
  uint32_t norm2 = 0;
  for (uint32_t i = 0; i < space.dim; i++) {
    const int code = out.code[i] + codeMiddle;
    norm2 += static_cast<uint32_t>(code * code);
  }
  out.query.tailShift = shift;
  out.query.bias = shift == 0 ? norm2 : middleBias;
  const float unitScale = std::ldexp(perStep * perStep, -shift);
  out.keyScale = space.metric == Metric::cosine ? 2 * unitScale : unitScale;
  const float queryError = std::sqrt(error2 / static_cast<float>(space.dim));
  out.rootNoise = 2 * std::hypot(space.rmsError * std::ldexp(1.0f, -shift), queryError) *
                  std::ldexp(1.0f, (shift + 1) / 2);
}

}  // namespace

EncodedQuery encodeQuery(const CodeSpace& space, size_t codeBytes, const float* query) {
  EncodedQuery encoded;
  encoded.code.assign(codeBytes, 0);
  encoded.query.code = encoded.code.data();
  if (space.metric == Metric::ip) {
    encodeProduct(space, query, encoded);
  } else {
    const double norm = space.metric == Metric::cosine ? vectorNorm(query, space.dim) : 1;
    encodePoint(space, query, norm > 0 ? static_cast<float>(1 / norm) : 0.0f, encoded);
  }
  return encoded;
}

}  // namespace dipper
