// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Opens sealed segments and answers column and key questions from their bytes.
#include "segment/sealed.h"

#include <algorithm>
#include <cstring>

#include "segment/delete-image.h"

namespace dipper {
namespace {

Status corrupt(uint64_t id, const std::string& what) {
  return Status(ErrorKind::corrupt, "corrupt", "segment " + std::to_string(id) + ": " + what);
}

}  // namespace

Status SealedSegment::open(std::shared_ptr<const Schema> schema, uint64_t id, uint64_t partitionId,
                           const SealedParts& parts, std::shared_ptr<SealedSegment>& out) {
  std::shared_ptr<SealedSegment> segment(
      new SealedSegment(std::move(schema), id, partitionId, MemoryClass::sealed));
  segment->baseSource_ = parts.base;
  segment->keySource_ = parts.keys;
  Status status = RowBatchView::parse(parts.base->data(), parts.base->size(), segment->base_);
  if (status.ok()) status = segment->checkBase();
  for (size_t i = 0; i < parts.vectors.size() && status.ok(); i++) {
    status = segment->addVectors(parts.vectors[i]);
  }
  const uint32_t rowCount = segment->rowCount();
  if (status.ok()) {
    status = KeyBlob::open(parts.keys->data(), parts.keys->size(), rowCount, segment->keys_);
  }
  if (status.ok()) status = segment->deletes.reserveRows(rowCount);
  if (status.ok() && parts.deletes != nullptr) {
    status = readDeleteImage(parts.deletes, parts.deletesBytes, rowCount, segment->deletes);
    segment->imagedEntryCount.store(segment->deletes.entryCount(), std::memory_order_relaxed);
  }
  if (status.ok()) out = std::move(segment);
  return status;
}

Status SealedSegment::checkBase() {
  const BatchColumn* const stamps = base_.find(timestampFieldId);
  if (stamps == nullptr || stamps->type != DataType::int64) return corrupt(id(), "has no stamps");
  timestamps_ = reinterpret_cast<const uint64_t*>(stamps->data);
  const uint32_t rowCount = base_.rowCount();
  if (rowCount > 0) {
    const auto [low, high] = std::minmax_element(timestamps_, timestamps_ + rowCount);
    minTimestamp_ = *low;
    maxTimestamp_ = *high;
  }
  for (const BatchColumn& column : base_.columns()) {
    if (column.fieldId == timestampFieldId) continue;
    const Field* const field = schema().byId(column.fieldId);
    if (field == nullptr) continue;  // dropped since
    const DataType stored = isVector(field->type) ? DataType::boolean : field->type;
    if (column.type != stored) return corrupt(id(), "field " + field->name + " has another type");
  }
  const Field& keyField = schema().primaryKey();
  key_ = base_.find(keyField.id);
  if (key_ == nullptr || key_->validity != nullptr) return corrupt(id(), "has no primary keys");
  return Status();
}

Status SealedSegment::addVectors(const SealedVectors& vectors) {
  const Field* const field = schema().byId(vectors.fieldId);
  if (field == nullptr || !isVector(field->type)) {
    return corrupt(id(), "vectors of field " + std::to_string(vectors.fieldId) + " have no field");
  }
  const uint64_t wanted = uint64_t{fixedWidth(field->type, field->dim)} * rowCount();
  if (wanted == 0 && rowCount() > 0)
    return corrupt(id(), "field " + field->name + " is no raw block");
  if (vectors.source->size() < wanted) {
    return corrupt(id(), "field " + field->name + ": " + std::to_string(wanted) +
                             " bytes of vectors expected, received " +
                             std::to_string(vectors.source->size()));
  }
  if (reinterpret_cast<uintptr_t>(vectors.source->data()) % 4 != 0) {
    return corrupt(id(), "field " + field->name + ": vectors are not aligned");
  }
  VectorColumn column{field->id, vectors.source, {}};
  const BatchColumn* const valid = base_.find(field->id);
  if (valid != nullptr && valid->type == DataType::boolean) {
    column.validity.assign((size_t{rowCount()} + 7) / 8, 0);
    for (uint32_t row = 0; row < rowCount(); row++) {
      if (valid->data[row] != 0) column.validity[row >> 3] |= static_cast<uint8_t>(1u << (row & 7));
    }
  }
  vectors_.push_back(std::move(column));
  return Status();
}

KeyRef SealedSegment::keyOf(uint32_t row) const {
  if (key_->offsets != nullptr) return KeyRef::ofText(key_->text(row));
  int64_t number;
  std::memcpy(&number, key_->data + size_t{8} * row, 8);
  return KeyRef::ofNumber(number);
}

bool SealedSegment::vectors(uint32_t fieldId, ColumnChunk& out) const {
  for (const VectorColumn& column : vectors_) {
    if (column.fieldId != fieldId) continue;
    out = {column.source->data(), nullptr,
           column.validity.empty() ? nullptr : column.validity.data(), 0, rowCount()};
    return true;
  }
  return false;
}

void SealedSegment::forgetVectorPages(uint32_t fieldId) const {
  for (const VectorColumn& column : vectors_) {
    if (column.fieldId == fieldId) column.source->forgetPages();
  }
}

bool SealedSegment::column(uint32_t fieldId, uint32_t, uint32_t visible, ColumnChunk& out) const {
  if (vectors(fieldId, out)) {
    out.rowCount = visible;
    return true;
  }
  const BatchColumn* const column = base_.find(fieldId);
  const Field* const field = fieldId == timestampFieldId ? nullptr : schema().byId(fieldId);
  if (column == nullptr || (field != nullptr && isVector(field->type))) return false;
  out = {column->data, column->offsets, column->validity, 0, visible};
  return true;
}

void SealedSegment::findKey(uint64_t hash, const KeyRef& key, std::vector<uint32_t>& rows) const {
  keys_.find(hash, [&](uint32_t row) {
    if (keyOf(row) == key) rows.push_back(row);
  });
}

uint64_t SealedSegment::memoryBytes() const {
  uint64_t total = baseSource_->size() + keySource_->size() + deletes.memoryBytes();
  for (const VectorColumn& column : vectors_)
    total += column.source->size() + column.validity.size();
  return total;
}

}  // namespace dipper
