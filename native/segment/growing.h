// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The segment that a shard's writer appends to: one partition, rows in stamp order. Staging
// copies rows behind the published count, where nobody looks; publishing makes them visible with
// one release store; unstaging forgets them. So a body that fails halfway leaves no trace.
//
// Chunks start at 256 rows and double up to the usual size, because a collection that holds a
// handful of rows must not cost a full chunk of wide vectors.
#pragma once

#include <memory>
#include <vector>

#include "segment/growing-chunk.h"
#include "segment/key-index.h"
#include "segment/segment.h"

namespace dipper {

/** Where each sealed row came from in the frozen segment, and back. */
struct SealOrder {
  std::vector<uint32_t> frozenRow;  // by sealed row
  std::vector<uint32_t> sealedRow;  // by frozen row
};

class GrowingSegment final : public Segment {
 public:
  GrowingSegment(std::shared_ptr<const Schema> schema, uint64_t id, uint64_t partitionId);
  ~GrowingSegment() override;

  // Writer.
  /** Copies a checked batch; the rows are staged. */
  Status stage(const RowBatchView& batch, uint64_t timestamp);
  uint32_t stagedRows() const { return stagedRows_; }
  void unstage();
  /** Room for the staged rows in the key index and in the delete state (a row may be shadowed). */
  Status reserveStaged();
  /** Enters a staged row into the key index; returns the older row of its key, or KeyIndex::none.
   */
  uint32_t indexRow(uint32_t row);
  void publish();
  void freeze() { state_.store(SegmentState::frozen, std::memory_order_release); }

  // Any thread.
  SegmentState state() const override { return state_.load(std::memory_order_acquire); }
  uint32_t rowCount() const override { return rowCount_.load(std::memory_order_acquire); }
  uint32_t visibleRows(uint64_t timestamp) const override;
  bool newerThan(uint64_t) const override { return false; }
  uint64_t timestampOf(uint32_t row) const override;
  KeyRef keyOf(uint32_t row) const override;
  bool column(uint32_t fieldId, uint32_t row, uint32_t visible, ColumnChunk& out) const override;
  void findKey(uint64_t hash, const KeyRef& key, std::vector<uint32_t>& rows) const override;
  uint64_t memoryBytes() const override;

  /** Set once, when a seal image is made of the frozen rows. */
  std::shared_ptr<const SealOrder> sealOrder() const;
  void setSealOrder(std::shared_ptr<const SealOrder> order);

 private:
  uint32_t chunkIndexOf(uint32_t row) const;
  const GrowingChunk& chunkOf(uint32_t row) const { return *chunks_[chunkIndexOf(row)]; }
  Status chunkForStaging(GrowingChunk*& out);

  size_t keyPosition_ = 0;
  uint32_t chunkRowsMax_ = 0;
  StableArray<GrowingChunk*, 5> chunks_;
  std::atomic<uint32_t> chunkCount_{0};
  uint32_t writeChunk_ = 0;
  uint32_t stagedRows_ = 0;
  std::atomic<uint32_t> rowCount_{0};
  std::atomic<SegmentState> state_{SegmentState::growing};
  std::atomic<uint64_t> memoryBytes_{0};
  KeyIndex keys_;
  mutable std::mutex orderMutex_;
  std::shared_ptr<const SealOrder> order_;
};

}  // namespace dipper
