// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Appending, publishing and looking up growing rows. A reader loads the row count with acquire;
// every chunk pointer, offset and value below it was written before the release store.
#include "segment/growing.h"

#include <algorithm>
#include <cstring>

namespace dipper {
namespace {

constexpr uint32_t chunkRowsLimit = 16384;
constexpr uint32_t firstChunkRows = 256;
constexpr uint64_t chunkBytes = uint64_t{64} << 20;

uint32_t rowsPerChunk(const Schema& schema) {
  uint64_t rowBytes = 8;
  for (const Field& field : schema.fields()) {
    const size_t width = fixedWidth(field.type, field.dim);
    rowBytes += width > 0 ? width : 32;
  }
  return static_cast<uint32_t>(std::clamp<uint64_t>(chunkBytes / rowBytes, 1, chunkRowsLimit));
}

}  // namespace

GrowingSegment::GrowingSegment(std::shared_ptr<const Schema> schema, uint64_t id,
                               uint64_t partitionId)
    : Segment(std::move(schema), id, partitionId, MemoryClass::growing),
      chunkRowsMax_(rowsPerChunk(this->schema())),
      chunks_(MemoryClass::growing) {
  while (!this->schema().fields()[keyPosition_].primaryKey) keyPosition_++;
}

GrowingSegment::~GrowingSegment() {
  const uint32_t count = chunkCount_.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count; i++) delete chunks_[i];
}

uint32_t GrowingSegment::chunkIndexOf(uint32_t row) const {
  uint32_t low = 0;
  uint32_t high = chunkCount_.load(std::memory_order_acquire);
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    (chunks_[middle]->firstRow() <= row ? low : high) = middle;
  }
  return low;
}

Status GrowingSegment::chunkForStaging(GrowingChunk*& out) {
  const uint32_t count = chunkCount_.load(std::memory_order_relaxed);
  if (writeChunk_ < count) {
    out = chunks_[writeChunk_];
    const uint32_t localRow = stagedRows_ - out->firstRow();
    if (!out->full(localRow)) return Status();
    out->closeAt(localRow);
    writeChunk_++;
    if (writeChunk_ < count) {  // left over from rows that were unstaged
      out = chunks_[writeChunk_];
      out->startAt(stagedRows_);
      return Status();
    }
  }
  const uint32_t capacity = std::min(chunkRowsMax_, std::max(firstChunkRows, stagedRows_));
  std::unique_ptr<GrowingChunk> chunk;
  Status status = chunks_.reserve(count + 1);
  if (status.ok()) status = GrowingChunk::create(schema(), stagedRows_, capacity, chunk);
  if (!status.ok()) return status;
  memoryBytes_.fetch_add(chunk->memoryBytes(), std::memory_order_relaxed);
  out = chunk.release();
  chunks_[count] = out;
  chunkCount_.store(count + 1, std::memory_order_release);
  return status;
}

Status GrowingSegment::stage(const RowBatchView& batch, uint64_t timestamp) {
  if (batch.rowCount() > UINT32_MAX / 2 - stagedRows_) {
    return Status(ErrorKind::memory, "memory-limit", "a segment holds at most 2^31 rows");
  }
  for (uint32_t from = 0; from < batch.rowCount();) {
    GrowingChunk* chunk = nullptr;
    Status status = chunkForStaging(chunk);
    if (!status.ok()) return status;
    const uint32_t localRow = stagedRows_ - chunk->firstRow();
    const uint32_t count = std::min(batch.rowCount() - from, chunk->endRow() - stagedRows_);
    const uint64_t before = chunk->memoryBytes();
    status = chunk->reserveBytes(batch, from, count, localRow);
    memoryBytes_.fetch_add(chunk->memoryBytes() - before, std::memory_order_relaxed);
    if (!status.ok()) return status;
    chunk->write(batch, from, count, localRow, timestamp);
    stagedRows_ += count;
    from += count;
  }
  return Status();
}

void GrowingSegment::unstage() {
  stagedRows_ = rowCount_.load(std::memory_order_relaxed);
  // Chunks stay: a reader may be searching through them. The next staging writes into them again.
  if (chunkCount_.load(std::memory_order_relaxed) > 0) writeChunk_ = chunkIndexOf(stagedRows_);
}

Status GrowingSegment::reserveStaged() {
  Status status = keys_.reserve(stagedRows_);
  if (status.ok()) status = deletes.reserveRows(stagedRows_);
  if (status.ok()) status = deletes.reserveEntries(stagedRows_ - rowCount());
  return status;
}

uint32_t GrowingSegment::indexRow(uint32_t row) {
  const KeyRef key = keyOf(row);
  return keys_.insert(key.hash(), row, [&](uint32_t other) { return keyOf(other) == key; });
}

void GrowingSegment::publish() { rowCount_.store(stagedRows_, std::memory_order_release); }

uint32_t GrowingSegment::visibleRows(uint64_t timestamp) const {
  uint32_t low = 0;
  uint32_t high = rowCount();
  if (high == 0 || timestampOf(high - 1) <= timestamp) return high;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (timestampOf(middle) <= timestamp) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint64_t GrowingSegment::timestampOf(uint32_t row) const {
  const GrowingChunk& chunk = chunkOf(row);
  return chunk.timestamp(row - chunk.firstRow());
}

KeyRef GrowingSegment::keyOf(uint32_t row) const {
  const GrowingChunk& chunk = chunkOf(row);
  const uint32_t local = row - chunk.firstRow();
  ColumnChunk column;
  chunk.column(keyPosition_, column);
  if (column.offsets == nullptr) {
    int64_t number;
    std::memcpy(&number, column.data + size_t{8} * local, 8);
    return KeyRef::ofNumber(number);
  }
  return KeyRef::ofText({reinterpret_cast<const char*>(column.data) + column.offsets[local],
                         column.offsets[local + 1] - column.offsets[local]});
}

bool GrowingSegment::column(uint32_t fieldId, uint32_t row, uint32_t visible,
                            ColumnChunk& out) const {
  const GrowingChunk& chunk = chunkOf(row);
  if (fieldId == timestampFieldId) {
    out = {chunk.timestamps(), nullptr, nullptr, chunk.firstRow(), 0};
  } else {
    const Field* const field = schema().byId(fieldId);
    if (field == nullptr) return false;
    chunk.column(static_cast<size_t>(field - schema().fields().data()), out);
  }
  out.rowCount = std::min(visible, chunk.endRow()) - chunk.firstRow();
  return true;
}

void GrowingSegment::findKey(uint64_t hash, const KeyRef& key, std::vector<uint32_t>& rows) const {
  uint32_t row = keys_.newest(hash, [&](uint32_t other) { return keyOf(other) == key; });
  for (; row != KeyIndex::none; row = keys_.olderThan(row)) rows.push_back(row);
}

uint64_t GrowingSegment::memoryBytes() const {
  return memoryBytes_.load(std::memory_order_relaxed) + keys_.memoryBytes() + deletes.memoryBytes();
}

std::shared_ptr<const SealOrder> GrowingSegment::sealOrder() const {
  std::lock_guard lock(orderMutex_);
  return order_;
}

void GrowingSegment::setSealOrder(std::shared_ptr<const SealOrder> order) {
  std::lock_guard lock(orderMutex_);
  order_ = std::move(order);
}

}  // namespace dipper
