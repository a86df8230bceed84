// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Copies batch columns into chunk columns. Validity bytes of a chunk are shared between rows that
// are published and rows being written; the writer changes them with atomic or/and, so a reader's
// bit never flickers.
#include "segment/growing-chunk.h"

#include <algorithm>
#include <cstring>

namespace dipper {
namespace {

constexpr MemoryClass kind = MemoryClass::growing;
/** Above this a chunk takes no more rows: with a batch of 2 GiB on top, u32 offsets still hold. */
constexpr uint64_t chunkBytesMax = uint64_t{512} << 20;
constexpr uint64_t firstBytes = 4096;

Status mismatch(const Field& field, const std::string& expected, const std::string& received) {
  return invalidField("schema-mismatch", field.name, expected, received);
}

}  // namespace

Status checkBatch(const Schema& schema, const RowBatchView& batch, bool keyOnly) {
  for (const BatchColumn& column : batch.columns()) {
    const Field* const field = schema.byId(column.fieldId);
    if (field == nullptr) {
      return invalidField("schema-mismatch", std::to_string(column.fieldId),
                          "a field of the schema", "an unknown id");
    }
    if (field->type != column.type) {
      return mismatch(*field, dataTypeName(field->type), dataTypeName(column.type));
    }
    if (isVector(field->type) && field->dim != column.dim) {
      return mismatch(*field, "dim " + std::to_string(field->dim), std::to_string(column.dim));
    }
    const bool mayBeNull = field->nullable || field->hasDefault;
    if (column.validity != nullptr && !mayBeNull) return mismatch(*field, "no nulls", "a validity");
  }
  for (const Field& field : schema.fields()) {
    if (keyOnly && !field.primaryKey) continue;
    const bool fillable = field.nullable || field.hasDefault || field.dynamic;
    if (!fillable && batch.find(field.id) == nullptr) return mismatch(field, "a column", "none");
  }
  return Status();
}

Status GrowingChunk::create(const Schema& schema, uint32_t firstRow, uint32_t capacity,
                            std::unique_ptr<GrowingChunk>& out) {
  std::unique_ptr<GrowingChunk> chunk(new GrowingChunk(schema, firstRow, capacity));
  Status status = chunk->allocate();
  if (status.ok()) out = std::move(chunk);
  return status;
}

Status GrowingChunk::allocate() {
  const size_t capacity = capacity_.load(std::memory_order_relaxed);
  Status status = Block::allocate(kind, 8 * capacity, timestamps_);
  memoryBytes_ = timestamps_.size();
  for (size_t i = 0; i < columns_.size() && status.ok(); i++) {
    const Field& field = schema_.fields()[i];
    Column& column = columns_[i];
    column.width = fixedWidth(field.type, field.dim);
    if (field.nullable) {
      status = Block::allocate(kind, (capacity + 7) / 8, column.validity);
      if (!status.ok()) break;
    }
    status = column.width > 0 ? Block::allocate(kind, column.width * capacity, column.fixed)
                              : Block::allocate(kind, 4 * (capacity + 1), column.offsets);
    memoryBytes_ += column.validity.size() + column.fixed.size() + column.offsets.size();
  }
  return status;
}

bool GrowingChunk::full(uint32_t localRow) const {
  if (localRow >= capacity_.load(std::memory_order_relaxed)) return true;
  for (const Column& column : columns_) {
    if (column.width > 0) continue;
    if (reinterpret_cast<const uint32_t*>(column.offsets.data())[localRow] > chunkBytesMax)
      return true;
  }
  return false;
}

Status GrowingChunk::growBytes(Column& column, uint64_t used, uint64_t needed) {
  if (needed <= column.bytes.size()) return Status();
  Block grown;
  const uint64_t size = std::max({needed, uint64_t{2} * column.bytes.size(), firstBytes});
  Status status = Block::allocate(kind, size, grown);
  if (!status.ok()) return status;
  if (used > 0) std::memcpy(grown.data(), column.bytes.data(), used);
  column.bytesAt.store(grown.data(), std::memory_order_release);
  if (column.bytes.size() > 0) column.retired.push_back(std::move(column.bytes));
  column.bytes = std::move(grown);
  memoryBytes_ += size;
  return status;
}

Status GrowingChunk::reserveBytes(const RowBatchView& batch, uint32_t from, uint32_t count,
                                  uint32_t localRow) {
  for (size_t i = 0; i < columns_.size(); i++) {
    Column& column = columns_[i];
    if (column.width > 0) continue;
    const Field& field = schema_.fields()[i];
    const BatchColumn* const source = batch.find(field.id);
    const uint64_t used = reinterpret_cast<const uint32_t*>(column.offsets.data())[localRow];
    const uint64_t given =
        source == nullptr ? 0 : source->offsets[from + count] - source->offsets[from];
    const uint64_t filled = (field.hasDefault ? field.defaultValue.size() : field.dynamic ? 2 : 0);
    Status status = growBytes(column, used, used + given + filled * count);
    if (!status.ok()) return status;
  }
  return Status();
}

void GrowingChunk::write(const RowBatchView& batch, uint32_t from, uint32_t count,
                         uint32_t localRow, uint64_t timestamp) {
  uint64_t* const stamps = reinterpret_cast<uint64_t*>(timestamps_.data());
  std::fill(stamps + localRow, stamps + localRow + count, timestamp);
  for (size_t i = 0; i < columns_.size(); i++) {
    const Field& field = schema_.fields()[i];
    writeValues(field, columns_[i], batch.find(field.id), from, count, localRow);
  }
}

void GrowingChunk::writeValues(const Field& field, Column& column, const BatchColumn* source,
                               uint32_t from, uint32_t count, uint32_t localRow) {
  const bool filled = field.hasDefault || field.dynamic;
  const std::string_view filler =
      field.hasDefault ? std::string_view(field.defaultValue) : std::string_view("{}");
  if (column.validity.size() > 0) writeValidity(column, source, filled, from, count, localRow);
  const bool allPresent = source != nullptr && source->validity == nullptr;
  if (column.width > 0) {
    uint8_t* const target = column.fixed.data() + column.width * localRow;
    if (source != nullptr) {
      std::memcpy(target, source->data + column.width * from, column.width * count);
    } else {
      std::memset(target, 0, column.width * count);
    }
    if (allPresent || !filled) return;
    for (uint32_t row = 0; row < count; row++) {
      if (source != nullptr && source->present(from + row)) continue;
      std::memcpy(target + column.width * row, filler.data(), column.width);
    }
    return;
  }
  uint32_t* const offsets = reinterpret_cast<uint32_t*>(column.offsets.data());
  uint32_t at = offsets[localRow];
  uint8_t* const bytes = column.bytes.data();
  if (allPresent) {
    const uint32_t base = source->offsets[from];
    const uint32_t size = source->offsets[from + count] - base;
    if (size > 0) std::memcpy(bytes + at, source->data + base, size);
    for (uint32_t row = 1; row <= count; row++) {
      offsets[localRow + row] = at + (source->offsets[from + row] - base);
    }
    return;
  }
  for (uint32_t row = 0; row < count; row++) {
    const bool present = source != nullptr && source->present(from + row);
    const std::string_view value = present  ? source->text(from + row)
                                   : filled ? filler
                                            : std::string_view();
    if (!value.empty()) std::memcpy(bytes + at, value.data(), value.size());
    at += static_cast<uint32_t>(value.size());
    offsets[localRow + row + 1] = at;
  }
}

void GrowingChunk::writeValidity(Column& column, const BatchColumn* source, bool filled,
                                 uint32_t from, uint32_t count, uint32_t localRow) {
  for (uint32_t row = 0; row < count; row++) {
    const bool present = filled || (source != nullptr && source->present(from + row));
    const uint32_t target = localRow + row;
    const std::atomic_ref<uint8_t> byte(column.validity.data()[target >> 3]);
    const uint8_t bit = static_cast<uint8_t>(1u << (target & 7));
    if (present) {
      byte.fetch_or(bit, std::memory_order_relaxed);
    } else {
      byte.fetch_and(static_cast<uint8_t>(~bit), std::memory_order_relaxed);
    }
  }
}

void GrowingChunk::column(size_t position, ColumnChunk& out) const {
  const Column& column = columns_[position];
  out.validity = column.validity.size() > 0 ? column.validity.data() : nullptr;
  out.firstRow = firstRow();
  if (column.width > 0) {
    out.data = column.fixed.data();
    out.offsets = nullptr;
  } else {
    out.data = column.bytesAt.load(std::memory_order_acquire);
    out.offsets = reinterpret_cast<const uint32_t*>(column.offsets.data());
  }
}

}  // namespace dipper
