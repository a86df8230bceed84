// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The way in for rows: everything about a request is checked and settled here (auto ids, defaults,
// shard and partition of every row, the size of each body) before a byte is allocated for it.
// Then each shard's log body is written straight into the buffer that will be logged, applied and
// served from.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "scan/input.h"
#include "search/keys.h"
#include "segment/row-batch.h"

namespace dipper {

struct ScanOptions {
  std::vector<uint64_t> partitionIds;  // several: hash(partition key) % length
  uint32_t shardCount = 1;
  int64_t firstAutoId = 0;
  uint64_t headRoomBytes = 0;
};

struct ScannedPart {
  uint32_t shardIndex;
  uint32_t rowCount;
  uint64_t sizeBytes;  // head room included
};

class ScanPlan {
 public:
  /** Takes a table that was read; checks it and settles everything. */
  static Status make(const Schema& schema, InputTable table, const ScanOptions& options,
                     ScanPlan& out);

  uint32_t rowCount() const { return table_.rowCount; }
  const PrimaryKeys& keys() const { return keys_; }
  const std::vector<ScannedPart>& parts() const { return parts_; }
  /** Writes a part's body behind its head room; target holds sizeBytes of it. */
  void write(size_t part, uint8_t* target) const;

 private:
  /** Rows of one shard and partition: one section. */
  struct Group {
    uint32_t shardIndex;
    uint64_t partitionId;
    std::vector<uint32_t> rows;  // empty when the group holds every row, in order
    uint32_t rowCount;
    std::unique_ptr<RowBatchLayout> layout;
  };
  void splitRows(const Schema& schema, const ScanOptions& options);
  Status planGroup(Group& group) const;
  void writeColumn(const InputColumn& column, const Group& group, size_t position,
                   uint8_t* target) const;
  void writeTexts(const InputColumn& column, const Group& group, size_t position,
                  uint8_t* target) const;

  InputTable table_;
  PrimaryKeys keys_;
  std::vector<Group> groups_;
  std::vector<ScannedPart> parts_;
  uint64_t headRoomBytes_ = 0;
};

/** Adds what the input lacks (auto ids, defaults, nulls) and checks every value; sorts by field. */
Status completeTable(const Schema& schema, int64_t firstAutoId, InputTable& table);

}  // namespace dipper
