// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The graph index as a file image, searched in place. Little endian:
//
//   0    header, 64 bytes: magic, version, section count, file size, CRC32C of table and header
//   64   section table, 32 bytes a section: kind, CRC32C, offset, size, a reserved zero
//   ...  sections, 64-byte aligned, the large ones (edges, codes, tails) 4 KiB aligned
//
// A reader trusts nothing: parse() checks header, table, bounds, every small section's CRC, and
// every id once, so that a walk needs no checks. Codes and tails cannot lead anywhere, they only
// rank; their CRC is checked by checkGraphFile() alone, since it reads the whole file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "index/codes.h"
#include "index/walk.h"

namespace dipper {

/** A parsed image: views into it, and the small parts copied out. */
struct GraphParts {
  CodeSpace space;
  CodeLayout layout;
  uint32_t rowCount = 0;
  uint32_t degree = 0;
  uint32_t m = 0;
  uint32_t efConstruction = 0;
  uint64_t seed = 0;
  std::vector<uint32_t> entries;
  const uint32_t* edges = nullptr;  // rowCount * degree
  const uint8_t* codes = nullptr;   // rowCount * layout.strideBytes + 64 readable
  const uint8_t* tails = nullptr;   // int32 a row; null when they lie in the rows

  size_t edgeBytes() const { return size_t{rowCount} * degree * sizeof(uint32_t); }
  size_t codeSectionBytes() const { return size_t{rowCount} * layout.strideBytes + codeBlockBytes; }
  size_t tailSectionBytes() const {
    return layout.tailOffset > 0 ? 0 : size_t{rowCount} * sizeof(int32_t);
  }
  /** The coded rows as kernels want them. */
  CodeView view() const;
};

/** Bytes the image of these parts will have. */
size_t graphFileBytes(const GraphParts& parts);
/** Writes the image of the parts; `file` is replaced. */
void writeGraphFile(const GraphParts& parts, std::vector<uint8_t>& file);
/** Parses and validates; on success the views point into `file`, which is 8-byte aligned. */
Status parseGraphFile(const uint8_t* file, size_t sizeBytes, GraphParts& parts);

}  // namespace dipper
