// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Two passes a column: sizes and nulls first, so that the batch is allocated once at its final
// size (and refused before anything is copied when too large), values second.
#include "segment/gather.h"

#include <algorithm>
#include <cstring>

namespace dipper {
namespace {

/** One column of a row: its bytes, or null. Remembers the chunk, since neighbours share it. */
class ColumnCursor {
 public:
  explicit ColumnCursor(const Field& field)
      : field_(field), width_(fixedWidth(field.type, field.dim)) {}

  size_t width() const { return width_; }

  /** False when the row has no value. */
  bool value(const RowRef& ref, std::string_view& out) {
    if (ref.segment != segment_ || ref.row < chunk_.firstRow ||
        ref.row - chunk_.firstRow >= chunk_.rowCount) {
      segment_ = ref.segment;
      found_ = segment_->column(field_.id, ref.row, segment_->rowCount(), chunk_);
      if (!found_) chunk_ = {nullptr, nullptr, nullptr, 0, UINT32_MAX};
    }
    if (!found_) return fill(out);
    const uint32_t local = ref.row - chunk_.firstRow;
    if (chunk_.validity != nullptr && !bitAt(chunk_.validity, local)) return false;
    const char* const data = reinterpret_cast<const char*>(chunk_.data);
    out = width_ > 0 ? std::string_view(data + width_ * local, width_)
                     : std::string_view(data + chunk_.offsets[local],
                                        chunk_.offsets[local + 1] - chunk_.offsets[local]);
    return true;
  }

 private:
  bool fill(std::string_view& out) const {
    out = field_.dynamic ? std::string_view("{}") : std::string_view(field_.defaultValue);
    return field_.dynamic || field_.hasDefault;
  }

  const Field& field_;
  size_t width_;
  const Segment* segment_ = nullptr;
  bool found_ = false;
  ColumnChunk chunk_;
};

const Field& timestampField() {
  static const Field field = [] {
    Field made;
    made.id = timestampFieldId;
    made.name = "timestamp";
    made.type = DataType::int64;
    return made;
  }();
  return field;
}

Status planColumn(const Field& field, const std::vector<RowRef>& rows, uint64_t bytesMax,
                  ColumnPlan& plan) {
  plan = ColumnPlan::of(field);
  ColumnCursor cursor(field);
  if (cursor.width() > 0 && !field.nullable) return Status();
  std::string_view value;
  for (const RowRef& ref : rows) {
    if (cursor.value(ref, value)) {
      plan.dataBytes += value.size();
    } else {
      plan.nullCount++;
    }
  }
  if (plan.dataBytes <= std::min<uint64_t>(bytesMax, UINT32_MAX)) return Status();
  return invalidField("result-too-large", field.name,
                      "at most " + std::to_string(bytesMax) + " bytes",
                      std::to_string(plan.dataBytes));
}

void copyFixed(const Field& field, const std::vector<RowRef>& rows, uint8_t* data,
               uint8_t* validity) {
  ColumnCursor cursor(field);
  const size_t width = cursor.width();
  std::string_view value;
  for (size_t i = 0; i < rows.size(); i++, data += width) {
    const bool present = cursor.value(rows[i], value);
    if (present) {
      std::memcpy(data, value.data(), width);
    } else {
      std::memset(data, 0, width);
    }
    if (present && validity != nullptr) validity[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
  }
}

void copyVariable(const Field& field, const std::vector<RowRef>& rows, uint8_t* data,
                  uint32_t* offsets, uint8_t* validity) {
  ColumnCursor cursor(field);
  std::string_view value;
  uint32_t at = 0;
  offsets[0] = 0;
  for (size_t i = 0; i < rows.size(); i++) {
    if (cursor.value(rows[i], value)) {
      if (!value.empty()) std::memcpy(data + at, value.data(), value.size());
      at += static_cast<uint32_t>(value.size());
      if (validity != nullptr) validity[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
    }
    offsets[i + 1] = at;
  }
}

}  // namespace

Status gatherRows(const Schema& schema, const std::vector<RowRef>& rows,
                  const std::vector<uint32_t>& fieldIds, const GatherLimits& limits, Block& out) {
  std::vector<const Field*> fields;
  std::vector<ColumnPlan> plans;
  for (const uint32_t fieldId : fieldIds) {
    const Field* const field =
        fieldId == timestampFieldId ? &timestampField() : schema.byId(fieldId);
    if (field == nullptr) {
      return invalidField("field-unknown", std::to_string(fieldId), "a field of the schema",
                          "its id");
    }
    fields.push_back(field);
    Status status = planColumn(*field, rows, limits.bytesMax, plans.emplace_back());
    if (!status.ok()) return status;
  }
  const RowBatchLayout layout(static_cast<uint32_t>(rows.size()), std::move(plans));
  if (layout.totalBytes() > std::min(limits.bytesMax, rowBatchBytesMax)) {
    Status status(ErrorKind::invalid, "result-too-large",
                  "the rows take " + std::to_string(layout.totalBytes()) + " bytes, at most " +
                      std::to_string(std::min(limits.bytesMax, rowBatchBytesMax)) + " are allowed");
    status.expected = "at most " + std::to_string(std::min(limits.bytesMax, rowBatchBytesMax));
    status.received = std::to_string(layout.totalBytes());
    return status;
  }
  Status status = Block::allocate(limits.kind, layout.totalBytes(), out);
  if (!status.ok()) return status;
  uint8_t* const target = out.data();
  layout.writeFrame(target);
  for (size_t i = 0; i < fields.size(); i++) {
    uint32_t* const offsets = layout.offsets(target, i);
    uint8_t* const validity = layout.validity(target, i);
    if (offsets == nullptr) {
      copyFixed(*fields[i], rows, layout.data(target, i), validity);
    } else {
      copyVariable(*fields[i], rows, layout.data(target, i), offsets, validity);
    }
  }
  return status;
}

}  // namespace dipper
