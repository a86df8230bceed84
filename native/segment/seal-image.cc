// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Sorts, then gathers column by column; vectors leave the batch for raw blocks of their own. The
// validity of a nullable vector field stays in the base, as a Bool column under the field's id.
#include "segment/seal-image.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "segment/delete-image.h"
#include "segment/gather.h"
#include "segment/key-blob.h"

namespace dipper {
namespace {

std::shared_ptr<const SealOrder> sortByKey(const GrowingSegment& frozen) {
  auto order = std::make_shared<SealOrder>();
  const uint32_t rowCount = frozen.rowCount();
  std::vector<KeyRef> keys(rowCount);
  for (uint32_t row = 0; row < rowCount; row++) keys[row] = frozen.keyOf(row);
  order->frozenRow.resize(rowCount);
  std::iota(order->frozenRow.begin(), order->frozenRow.end(), 0u);
  std::sort(order->frozenRow.begin(), order->frozenRow.end(), [&](uint32_t a, uint32_t b) {
    if (keys[a] < keys[b]) return true;
    return keys[a] == keys[b] && a < b;
  });
  order->sealedRow.resize(rowCount);
  for (uint32_t row = 0; row < rowCount; row++) order->sealedRow[order->frozenRow[row]] = row;
  return order;
}

Status gatherVectors(const GrowingSegment& frozen, const Field& field, const SealOrder& order,
                     SegmentImage& out) {
  const size_t width = fixedWidth(field.type, field.dim);
  SegmentImage::Vectors vectors{field.id, Block()};
  Status status = Block::allocate(MemoryClass::scratch, width * out.rowCount, vectors.rows);
  if (!status.ok()) return status;
  ColumnChunk chunk;
  for (uint32_t row = 0; row < out.rowCount; row++) {
    const uint32_t from = order.frozenRow[row];
    if (from - chunk.firstRow >= chunk.rowCount) frozen.column(field.id, from, out.rowCount, chunk);
    std::memcpy(vectors.rows.data() + width * row, chunk.data + width * (from - chunk.firstRow),
                width);
  }
  out.vectors.push_back(std::move(vectors));
  return status;
}

/** The base's schema: as the segment's, but a nullable vector is a Bool column. */
struct BasePlan {
  std::vector<uint32_t> fieldIds;
  std::vector<const Field*> vectorFields;
  std::vector<const Field*> nullableVectors;

  explicit BasePlan(const Schema& schema) {
    fieldIds.push_back(timestampFieldId);
    for (const Field& field : schema.fields()) {
      if (!isVector(field.type)) {
        fieldIds.push_back(field.id);
        continue;
      }
      vectorFields.push_back(&field);
      if (field.nullable) nullableVectors.push_back(&field);
    }
  }
};

/** Adds the Bool columns of nullable vectors to a gathered batch (which has none of their ids). */
Status addVectorValidity(const GrowingSegment& frozen, const SealOrder& order, const BasePlan& plan,
                         Block& base) {
  if (plan.nullableVectors.empty()) return Status();
  RowBatchView view;
  Status status = RowBatchView::parse(base.data(), base.size(), view);
  if (!status.ok()) return status;
  std::vector<ColumnPlan> columns;
  for (const BatchColumn& column : view.columns()) {
    columns.push_back({column.fieldId, column.type, column.elementType, column.dim,
                       column.nullCount, column.dataBytes});
  }
  for (const Field* field : plan.nullableVectors) columns.push_back({field->id, DataType::boolean});
  std::sort(columns.begin(), columns.end(),
            [](const ColumnPlan& a, const ColumnPlan& b) { return a.fieldId < b.fieldId; });
  const RowBatchLayout layout(view.rowCount(), columns);
  Block widened;
  status = Block::allocate(MemoryClass::scratch, layout.totalBytes(), widened);
  if (!status.ok()) return status;
  uint8_t* const target = widened.data();
  layout.writeFrame(target);
  for (size_t i = 0; i < columns.size(); i++) {
    const BatchColumn* const source = view.find(columns[i].fieldId);
    if (source == nullptr) {
      ColumnChunk chunk;
      for (uint32_t row = 0; row < view.rowCount(); row++) {
        const uint32_t from = order.frozenRow[row];
        frozen.column(columns[i].fieldId, from, view.rowCount(), chunk);
        layout.data(target, i)[row] = bitAt(chunk.validity, from - chunk.firstRow);
      }
      continue;
    }
    std::memcpy(layout.data(target, i), source->data, source->dataBytes);
    if (source->offsets != nullptr) {
      std::memcpy(layout.offsets(target, i), source->offsets, 4 * (size_t{view.rowCount()} + 1));
    }
    if (source->validity != nullptr) {
      std::memcpy(layout.validity(target, i), source->validity, (size_t{view.rowCount()} + 7) / 8);
    }
  }
  base = std::move(widened);
  return status;
}

}  // namespace

Status sealImage(GrowingSegment& frozen, uint64_t throughTimestamp, SegmentImage& out) {
  out.rowCount = frozen.rowCount();
  std::shared_ptr<const SealOrder> order = frozen.sealOrder();
  if (order == nullptr) order = sortByKey(frozen);
  std::vector<RowRef> rows(out.rowCount);
  std::vector<uint64_t> hashes(out.rowCount);
  for (uint32_t row = 0; row < out.rowCount; row++) {
    rows[row] = {&frozen, order->frozenRow[row]};
    hashes[row] = frozen.keyOf(rows[row].row).hash();
  }
  const BasePlan plan(frozen.schema());
  std::vector<uint32_t> fieldIds = plan.fieldIds;
  std::sort(fieldIds.begin(), fieldIds.end());
  Status status = gatherRows(frozen.schema(), rows, fieldIds, GatherLimits(), out.base);
  if (status.ok()) status = addVectorValidity(frozen, *order, plan, out.base);
  for (size_t i = 0; i < plan.vectorFields.size() && status.ok(); i++) {
    status = gatherVectors(frozen, *plan.vectorFields[i], *order, out);
  }
  if (status.ok()) status = KeyBlob::build(hashes, MemoryClass::scratch, out.keys);
  if (!status.ok()) return status;
  const uint32_t entryCount = entriesThrough(frozen.deletes, throughTimestamp);
  if (entryCount > 0) {
    out.deletes = writeDeleteImage(frozen.deletes, entryCount, out.rowCount, &order->sealedRow);
  }
  frozen.setSealOrder(std::move(order));
  return status;
}

}  // namespace dipper
