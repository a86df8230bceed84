// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rows as bytes: u8 codes with one step for all dimensions and an offset each, so that distances
// between codes are integers and one dot product gives them. All three metrics become squared L2
// in code space:
//   L2      the row itself;
//   COSINE  the row divided by its norm;
//   IP      the row plus one more coordinate, sqrt(M^2 - |row|^2), M the largest norm: then the
//           nearest row to a query (whose extra coordinate is 0) has the largest product.
// The extra coordinate may be far larger than the others, which one common step would not bear,
// so it is spread evenly over as many code dimensions as bring it into their range. A cosine's
// zero rows use it too: with an extra coordinate of 1 they lie at similarity 0 from everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/vector-index.h"
#include "index/walk.h"

namespace dipper {

/** What turns a row or a query into codes; saved with the index. */
struct CodeSpace {
  Metric metric = Metric::l2;
  uint32_t dim = 0;
  uint32_t extraDims = 0;   // code dimensions over which the extra coordinate is spread
  float step = 1;           // one code unit
  float largestNorm = 0;    // M of inner products
  float rmsError = 0;       // of a code dimension, in code units, measured on a sample
  std::vector<float> offsets;  // dim values: code = (value - offset) / step

  uint32_t codeDims() const { return dim + extraDims; }
};

/** Where the parts of a coded row lie. */
struct CodeLayout {
  uint32_t codeBytes = 0;    // read by kernels: codeDims rounded up to 64
  uint32_t strideBytes = 0;  // from row to row
  uint32_t tailOffset = 0;   // in the row, or 0 = tails lie apart
};

CodeLayout codeLayout(uint32_t codeDims);

/** Chooses offsets and step on a sample of the rows; reads every row's norm where it matters. */
CodeSpace trainCodeSpace(const VectorRows& rows, Metric metric, uint64_t seed);

/** Writes codeDims bytes. */
void encodeRow(const CodeSpace& space, const float* row, uint8_t* code);

/** The part of a coded row's squared distance that no query changes; see CodeQuery. */
int32_t codeTail(const uint8_t* code, size_t codeDims);

/** A coded row as the query of a walk among its like; `code` gets rows.codeBytes bytes. */
CodeQuery queryOfRow(const CodeView& rows, size_t codeDims, uint32_t row, int8_t* code);

/** A query in code space, and how its distances relate to exact keys. */
struct EncodedQuery {
  EncodedQuery() = default;
  EncodedQuery(EncodedQuery&&) = default;  // not copied: `query` points into `code`
  EncodedQuery& operator=(EncodedQuery&&) = default;

  std::vector<int8_t> code;
  CodeQuery query;
  bool usesTails = true;  // false: inner products need none
  float keyScale = 1;     // distance = keyScale * exact key + some constant + noise
  float fixedNoise = 0;   // standard deviation of the noise: the part that is the same for all,
  float rootNoise = 0;    // and the part that grows with the root of the squared distance
};

EncodedQuery encodeQuery(const CodeSpace& space, size_t codeBytes, const float* query);

}  // namespace dipper
