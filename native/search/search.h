// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A vector search over every pinned view of the process: per segment an attached index or an
// exact scan, one merge, output fields fetched late for the winners alone.
#pragma once

#include "base/alloc.h"
#include "search/keys.h"
#include "search/reader.h"

namespace dipper {

struct SearchRequest {
  ReadScope scope;
  uint32_t fieldId = 0;
  Metric metric = Metric::l2;
  uint32_t queryCount = 0;
  std::vector<uint8_t> queries;  // packed rows of the field's type
  uint32_t k = 0;
  uint32_t ef = 0;
  std::vector<uint32_t> outputFieldIds;
};

struct SearchResult {
  std::vector<uint32_t> counts;
  std::vector<float> scores;  // client-visible: squared L2, inner product, cosine
  PrimaryKeys keys;
  bool hasRows = false;
  Block rows;
};

Status search(const SearchRequest& request, SearchResult& out);

}  // namespace dipper
