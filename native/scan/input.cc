// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What both kinds of input share, and the reading of row batches.
#include "scan/input.h"

#include <algorithm>

#include "segment/row-batch.h"

namespace dipper {

Status rowCountMismatch(const std::string& field, uint64_t received, uint64_t expected) {
  Status status(ErrorKind::invalid, "row-count",
                "the num_rows (" + std::to_string(received) + ") of field (" + field +
                    ") is not equal to passed num_rows (" + std::to_string(expected) + ")");
  status.field = field;
  status.expected = std::to_string(expected);
  status.received = std::to_string(received);
  return status;
}

Status settleRows(InputColumn& column, uint32_t rowCount) {
  const Field& field = *column.field;
  column.rowCount = rowCount;
  if (!column.present.empty() && column.present.size() != rowCount) {
    return rowCountMismatch(field.name, column.present.size(), rowCount);
  }
  const uint64_t presentCount =
      column.present.empty()
          ? rowCount
          : rowCount -
                static_cast<uint64_t>(std::count(column.present.begin(), column.present.end(), 0));
  if (presentCount == rowCount) column.present.clear();
  if (presentCount < rowCount && !field.nullable && !field.hasDefault) {
    return invalidField("field-null", field.name, "a value in every row", "null");
  }
  if (column.valueCount == rowCount) return Status();
  if (column.valueCount != presentCount) {
    return rowCountMismatch(field.name, column.valueCount, rowCount);
  }
  column.valueOfRow.resize(rowCount);
  uint32_t next = 0;
  for (uint32_t row = 0; row < rowCount; row++) {
    column.valueOfRow[row] = next;
    next += column.present[row] != 0 ? 1 : 0;
  }
  return Status();
}

namespace {

Status readBatchColumn(const Schema& schema, const BatchColumn& source, uint32_t rowCount,
                       InputColumn& column) {
  const Field* const field = schema.byId(source.fieldId);
  if (field == nullptr) {
    return invalidField("field-unknown", std::to_string(source.fieldId), "a field of the schema",
                        "its id");
  }
  if (field->type != source.type) {
    return invalidField("field-type", field->name, dataTypeName(field->type),
                        dataTypeName(source.type));
  }
  if (isVector(field->type) && field->dim != source.dim) {
    return invalidField("vector-dimension", field->name, std::to_string(field->dim),
                        std::to_string(source.dim));
  }
  column.field = field;
  column.width = fixedWidth(field->type, field->dim);
  column.valueCount = rowCount;
  if (source.validity != nullptr) {
    column.present.resize(rowCount);
    for (uint32_t row = 0; row < rowCount; row++) column.present[row] = source.present(row) ? 1 : 0;
  }
  if (column.width > 0) {
    column.values = source.data;
  } else {
    column.texts.reserve(rowCount);
    for (uint32_t row = 0; row < rowCount; row++) column.texts.push_back(source.text(row));
  }
  return settleRows(column, rowCount);
}

}  // namespace

Status readBatchInput(const Schema& schema, const uint8_t* bytes, size_t sizeBytes,
                      InputTable& out) {
  RowBatchView batch;
  Status status = RowBatchView::parse(bytes, sizeBytes, batch);
  if (!status.ok()) {
    return Status(ErrorKind::invalid, "request-malformed", status.message());
  }
  out.rowCount = batch.rowCount();
  if (out.rowCount > sizeBytes) return rowCountMismatch("rows", 0, out.rowCount);
  for (const BatchColumn& column : batch.columns()) {
    status = readBatchColumn(schema, column, out.rowCount, out.columns.emplace_back());
    if (!status.ok()) return status;
  }
  return status;
}

}  // namespace dipper
