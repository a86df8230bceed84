// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the shard's writer and every reader need of a segment, whether it still grows, is frozen
// for its flush, or is sealed. Owner: the registry and each view that lists it (shared_ptr); the
// last pinned reader frees it, on its own thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "index/vector-index.h"
#include "segment/columns.h"
#include "segment/delete-state.h"
#include "segment/key.h"

namespace dipper {

enum class SegmentState : uint8_t { growing, frozen, sealed };

class Segment {
 public:
  Segment(std::shared_ptr<const Schema> schema, uint64_t id, uint64_t partitionId,
          MemoryClass memoryClass)
      : deletes(memoryClass), schema_(std::move(schema)), id_(id), partitionId_(partitionId) {}
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  virtual ~Segment() = default;

  const Schema& schema() const { return *schema_; }
  std::shared_ptr<const Schema> sharedSchema() const { return schema_; }
  uint64_t id() const { return id_; }
  uint64_t partitionId() const { return partitionId_; }

  virtual SegmentState state() const = 0;
  /** Rows applied so far. */
  virtual uint32_t rowCount() const = 0;
  /** Rows [0, n) that a reader at T may look at; exact for growing rows, which lie in time order.
   */
  virtual uint32_t visibleRows(uint64_t timestamp) const = 0;
  /** True when rows inside visibleRows(T) may be newer than T and must be checked one by one. */
  virtual bool newerThan(uint64_t timestamp) const = 0;
  virtual uint64_t timestampOf(uint32_t row) const = 0;
  virtual KeyRef keyOf(uint32_t row) const = 0;
  /** As SegmentColumns::column, for a reader that sees `visible` rows. */
  virtual bool column(uint32_t fieldId, uint32_t row, uint32_t visible, ColumnChunk& out) const = 0;
  /** Rows that hold a key (verified, any version), for the shard's writer. */
  virtual void findKey(uint64_t hash, const KeyRef& key, std::vector<uint32_t>& rows) const = 0;
  virtual uint64_t memoryBytes() const = 0;

  std::shared_ptr<VectorIndex> indexOf(uint32_t fieldId) const {
    if (!hasIndex_.load(std::memory_order_acquire)) return nullptr;
    std::lock_guard lock(indexMutex_);
    const auto found = indexes_.find(fieldId);
    return found == indexes_.end() ? nullptr : found->second;
  }
  void attachIndex(uint32_t fieldId, std::shared_ptr<VectorIndex> index) {
    std::lock_guard lock(indexMutex_);
    indexes_[fieldId] = std::move(index);
    hasIndex_.store(true, std::memory_order_release);
  }
  void detachIndex(uint32_t fieldId) {
    std::lock_guard lock(indexMutex_);
    indexes_.erase(fieldId);
    hasIndex_.store(!indexes_.empty(), std::memory_order_release);
  }
  std::vector<uint32_t> indexedFields() const {
    std::lock_guard lock(indexMutex_);
    std::vector<uint32_t> fields;
    for (const auto& [fieldId, index] : indexes_) fields.push_back(fieldId);
    return fields;
  }

  DeleteState deletes;
  /** Entries in the last delete image that was made or read; so equal images are not written twice.
   */
  std::atomic<uint32_t> imagedEntryCount{0};
  /** Under which the bridge knows the segment; 0 = not registered. */
  std::atomic<uint64_t> handle{0};

 private:
  std::shared_ptr<const Schema> schema_;
  uint64_t id_;
  uint64_t partitionId_;
  mutable std::mutex indexMutex_;
  std::map<uint32_t, std::shared_ptr<VectorIndex>> indexes_;
  std::atomic<bool> hasIndex_{false};
};

}  // namespace dipper
