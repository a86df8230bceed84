// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A run of growing rows, column by column, in blocks that never move. Fixed-width columns have
// room for all their rows from the start; the bytes of a variable-width column grow into a larger
// block when full, and the old block is kept until the chunk dies, because readers may still hold
// pointers into it (what it holds is a prefix of the new one, so they stay right).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/alloc.h"
#include "segment/columns.h"
#include "segment/row-batch.h"

namespace dipper {

class GrowingChunk {
 public:
  static Status create(const Schema& schema, uint32_t firstRow, uint32_t capacity,
                       std::unique_ptr<GrowingChunk>& out);

  uint32_t firstRow() const { return firstRow_.load(std::memory_order_relaxed); }
  uint32_t endRow() const { return firstRow() + capacity_.load(std::memory_order_relaxed); }
  uint64_t memoryBytes() const { return memoryBytes_; }

  // Writer.
  /** Makes room for the bytes of rows [from, from + count) of a batch. */
  Status reserveBytes(const RowBatchView& batch, uint32_t from, uint32_t count, uint32_t localRow);
  /** Copies rows; room was reserved. Readers do not see them before the segment publishes. */
  void write(const RowBatchView& batch, uint32_t from, uint32_t count, uint32_t localRow,
             uint64_t timestamp);
  /** A variable-width column is so full that offsets could overflow: later rows go elsewhere. */
  bool full(uint32_t localRow) const;
  void closeAt(uint32_t localRow) { capacity_.store(localRow, std::memory_order_relaxed); }
  /** For a chunk whose rows were all forgotten: it follows a chunk that now ends earlier. */
  void startAt(uint32_t firstRow) { firstRow_.store(firstRow, std::memory_order_relaxed); }

  // Any thread, for published rows.
  uint64_t timestamp(uint32_t localRow) const {
    return reinterpret_cast<const uint64_t*>(timestamps_.data())[localRow];
  }
  const uint8_t* timestamps() const { return timestamps_.data(); }
  /** Pointers of the column at a position in the schema; rowCount is the caller's to set. */
  void column(size_t position, ColumnChunk& out) const;

 private:
  struct Column {
    size_t width = 0;
    Block fixed;
    Block validity;
    Block offsets;
    Block bytes;
    std::vector<Block> retired;
    std::atomic<const uint8_t*> bytesAt{nullptr};
  };
  GrowingChunk(const Schema& schema, uint32_t firstRow, uint32_t capacity)
      : schema_(schema),
        firstRow_(firstRow),
        capacity_(capacity),
        columns_(schema.fields().size()) {}
  Status allocate();
  Status growBytes(Column& column, uint64_t used, uint64_t needed);
  void writeValues(const Field& field, Column& column, const BatchColumn* source, uint32_t from,
                   uint32_t count, uint32_t localRow);
  static void writeValidity(Column& column, const BatchColumn* source, bool filled, uint32_t from,
                            uint32_t count, uint32_t localRow);

  const Schema& schema_;  // the segment keeps it alive
  // Atomic because readers search by them while the writer places chunks behind the published
  // rows; no change ever moves a published row.
  std::atomic<uint32_t> firstRow_;
  std::atomic<uint32_t> capacity_;
  std::vector<Column> columns_;
  Block timestamps_;
  uint64_t memoryBytes_ = 0;
};

/**
 * Checks that a batch fits a schema: every column known and of the field's type, no null where
 * none may be, and every field there that cannot be filled. keyOnly asks for the primary key alone.
 */
Status checkBatch(const Schema& schema, const RowBatchView& batch, bool keyOnly);

}  // namespace dipper
