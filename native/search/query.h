// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rows by filter: count(*), pages, keys in order.
#pragma once

#include "base/alloc.h"
#include "search/reader.h"

namespace dipper {

struct QueryRequest {
  ReadScope scope;
  uint64_t offset = 0;
  uint64_t limit = 0;  // 0 = no limit
  bool orderByKey = false;
  bool countOnly = false;
  std::vector<uint32_t> outputFieldIds;
  uint64_t resultBytesMax = 0;
};

struct QueryResult {
  uint64_t rowCount = 0;
  bool hasRows = false;
  Block rows;
};

Status query(const QueryRequest& request, QueryResult& out);

}  // namespace dipper
