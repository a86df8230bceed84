// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Turns a frozen segment into the parts of its sealed form: rows sorted by primary key (versions
// of one key in the order they came), every row with its stamp, hidden ones included, since AS OF
// still sees them. The frozen segment remembers the order, so that deletes that arrive meanwhile
// can be carried over.
#pragma once

#include <vector>

#include "base/alloc.h"
#include "base/cancel.h"
#include "segment/growing.h"

namespace dipper {

struct SegmentImage {
  Block base;
  struct Vectors {
    uint32_t fieldId;
    Block rows;
  };
  std::vector<Vectors> vectors;
  Block keys;
  std::vector<uint8_t> deletes;  // empty = nothing hidden up to the asked stamp
  uint32_t rowCount = 0;
};

Status sealImage(GrowingSegment& frozen, uint64_t throughTimestamp, SegmentImage& out);

}  // namespace dipper
