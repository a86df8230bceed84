// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// From rows to a file image: codes, then edges among the codes, then entries. The raw vectors are
// read to train and to encode, never while linking: eight-bit distances are what makes building
// several times cheaper than on floats, at the same quality.
#include <cstring>
#include <string>

#include "base/alloc.h"
#include "index/codes.h"
#include "index/entries.h"
#include "index/graph-builder.h"
#include "index/graph-file.h"

namespace dipper {
namespace {

/** Coded rows and, where they lie apart, tails; `parts` gets pointers into both blocks. */
struct CodedRows {
  Block codes;
  Block tails;
};

Status encodeRows(const VectorRows& rows, GraphParts& parts, CodedRows& coded) {
  Status status = Block::allocate(MemoryClass::scratch, parts.codeSectionBytes(), coded.codes);
  if (status.ok()) {
    status = Block::allocate(MemoryClass::scratch, parts.tailSectionBytes(), coded.tails);
  }
  if (!status.ok()) return status;
  for (size_t row = 0; row < rows.rowCount; row++) {
    uint8_t* const code = coded.codes.data() + row * parts.layout.strideBytes;
    encodeRow(parts.space, rows.data + row * rows.dim, code);
    const int32_t tail = codeTail(code, parts.space.codeDims());
    uint8_t* const to = parts.layout.tailOffset > 0 ? code + parts.layout.tailOffset
                                                    : coded.tails.data() + row * sizeof tail;
    std::memcpy(to, &tail, sizeof tail);
  }
  parts.codes = coded.codes.data();
  parts.tails = coded.tails.data();
  return Status();
}

Status checkInput(const VectorRows& rows) {
  if (rows.dim < 1 || rows.dim > 32768) {
    return invalidField("vector-dimension", "vector", "a dimension of 1 to 32768",
                        std::to_string(rows.dim));
  }
  if (rows.rowCount > walkRowsMax) {
    return invalidField("row-count", "vector", "at most 2^31 - 1 rows",
                        std::to_string(rows.rowCount));
  }
  return Status();
}

}  // namespace

Status buildGraphIndex(const VectorRows& rows, const BuildOptions& options,
                       std::vector<uint8_t>& file) {
  Status status = checkInput(rows);
  if (!status.ok()) return status;
  GraphParts parts;
  parts.space = trainCodeSpace(rows, options.metric, options.seed);
  parts.layout = codeLayout(parts.space.codeDims());
  parts.rowCount = static_cast<uint32_t>(rows.rowCount);
  parts.m = options.m;
  parts.efConstruction = options.efConstruction;
  parts.seed = options.seed;
  CodedRows coded;
  status = encodeRows(rows, parts, coded);
  if (!status.ok()) return status;
  GraphBuilder builder(parts.view(), parts.space.codeDims(), rows.rowCount, options);
  status = builder.build();
  if (!status.ok()) return status;
  parts.degree = builder.shape().degree;
  parts.entries =
      chooseEntries(parts.view(), parts.space.codeDims(), rows.rowCount, options.seed);
  status = builder.connect(parts.entries);
  if (!status.ok()) return status;
  parts.edges = builder.edges();
  const uint64_t fileBytes = graphFileBytes(parts);
  if (!reserveMemory(MemoryClass::scratch, fileBytes)) {
    return memoryRefused(MemoryClass::scratch, fileBytes);
  }
  writeGraphFile(parts, file);
  releaseMemory(MemoryClass::scratch, fileBytes);  // from here on the image is the caller's
  if (options.progressPermille != nullptr) options.progressPermille->store(1000);
  return Status();
}

}  // namespace dipper
