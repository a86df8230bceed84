// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The body of a write envelope for C++, the twin of src/model/log-body.ts, which holds the page
// of the layout: sections of one partition each, deletes first, every one a row batch.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "segment/row-batch.h"

namespace dipper {

enum class SectionKind : uint8_t { insert = 1, remove = 2 };

constexpr uint64_t bodyHeadBytes = 64;
constexpr uint64_t sectionHeadBytes = 64;

struct LogSection {
  SectionKind kind;
  uint64_t partitionId;
  RowBatchView batch;
};

/** Walks a body and parses every batch; nothing is copied. Code 'corrupt' when it is not one. */
Status parseLogBody(const uint8_t* body, size_t sizeBytes, std::vector<LogSection>& out);

void writeBodyHead(uint8_t* target, uint32_t sectionCount);
void writeSectionHead(uint8_t* target, SectionKind kind, uint32_t rowCount, uint64_t partitionId,
                      uint64_t batchBytes);

}  // namespace dipper
