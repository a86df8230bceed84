// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Splits checked rows by shard and partition and writes each shard's body.
#include "scan/scan.h"

#include <algorithm>
#include <cstring>

#include "segment/key-hash.h"
#include "segment/log-body.h"

namespace dipper {
namespace {

KeyRef keyOf(const InputColumn& column, uint32_t row) {
  const std::string_view value = column.value(row);
  if (column.width == 0) return KeyRef::ofText(value);
  int64_t number = 0;
  std::memcpy(&number, value.data(), 8);
  return KeyRef::ofNumber(number);
}

/** Partition keys hash like primary keys; other widths than 8 are widened with their sign. */
uint64_t partitionHash(const InputColumn& column, uint32_t row) {
  if (!column.isPresent(row)) return 0;
  const std::string_view value = column.value(row);
  return column.width == 8 ? keyOf(column, row).hash() : hashKey(value);
}

const InputColumn* partitionKeyOf(const InputTable& table) {
  for (const InputColumn& column : table.columns) {
    if (column.field->partitionKey) return &column;
  }
  return nullptr;
}

}  // namespace

void ScanPlan::splitRows(const Schema& schema, const ScanOptions& options) {
  const InputColumn* key = nullptr;
  for (const InputColumn& column : table_.columns) {
    if (column.field == &schema.primaryKey()) key = &column;
  }
  keys_.isText = key->width == 0;
  for (uint32_t row = 0; row < table_.rowCount; row++) keys_.push(keyOf(*key, row));
  const InputColumn* const partitionKey = partitionKeyOf(table_);
  const uint32_t partitionCount =
      partitionKey == nullptr ? 1 : static_cast<uint32_t>(options.partitionIds.size());
  if (options.shardCount == 1 && partitionCount == 1) {
    groups_.push_back({0, options.partitionIds.front(), {}, table_.rowCount, nullptr});
    return;
  }
  std::vector<Group> all;
  for (uint32_t shard = 0; shard < options.shardCount; shard++) {
    for (uint32_t i = 0; i < partitionCount; i++) {
      all.push_back({shard, options.partitionIds[i], {}, 0, nullptr});
    }
  }
  for (uint32_t row = 0; row < table_.rowCount; row++) {
    const uint32_t shard = shardOfHash(keyOf(*key, row).hash(), options.shardCount);
    const uint64_t partition =
        partitionCount == 1 ? 0 : partitionHash(*partitionKey, row) % partitionCount;
    all[shard * partitionCount + partition].rows.push_back(row);
  }
  for (Group& group : all) {
    group.rowCount = static_cast<uint32_t>(group.rows.size());
    if (group.rowCount > 0) groups_.push_back(std::move(group));
  }
}

Status ScanPlan::planGroup(Group& group) const {
  std::vector<ColumnPlan> plans;
  for (const InputColumn& column : table_.columns) {
    ColumnPlan plan = ColumnPlan::of(*column.field);
    const bool counts = !column.present.empty() || column.width == 0;
    for (uint32_t i = 0; counts && i < group.rowCount; i++) {
      const uint32_t row = group.rows.empty() ? i : group.rows[i];
      if (!column.isPresent(row)) {
        plan.nullCount++;
      } else if (column.width == 0) {
        plan.dataBytes += column.value(row).size();
      }
    }
    plans.push_back(plan);
  }
  group.layout = std::make_unique<RowBatchLayout>(group.rowCount, std::move(plans));
  if (group.layout->totalBytes() <= rowBatchBytesMax) return Status();
  return invalidField("request-too-large", "rows",
                      "at most " + std::to_string(rowBatchBytesMax) + " bytes",
                      std::to_string(group.layout->totalBytes()));
}

Status ScanPlan::make(const Schema& schema, InputTable table, const ScanOptions& options,
                      ScanPlan& out) {
  if (options.partitionIds.empty()) {
    return invalidField("parameter-invalid", "partitionIds", "at least one", "none");
  }
  Status status = completeTable(schema, options.firstAutoId, table);
  if (!status.ok()) return status;
  out.table_ = std::move(table);
  out.headRoomBytes_ = options.headRoomBytes;
  out.splitRows(schema, options);
  for (Group& group : out.groups_) {
    status = out.planGroup(group);
    if (!status.ok()) return status;
    if (out.parts_.empty() || out.parts_.back().shardIndex != group.shardIndex) {
      out.parts_.push_back({group.shardIndex, 0, options.headRoomBytes + bodyHeadBytes});
    }
    out.parts_.back().rowCount += group.rowCount;
    out.parts_.back().sizeBytes += sectionHeadBytes + group.layout->totalBytes();
  }
  return status;
}

void ScanPlan::write(size_t part, uint8_t* target) const {
  const uint32_t shardIndex = parts_[part].shardIndex;
  const auto inPart = [&](const Group& group) { return group.shardIndex == shardIndex; };
  uint8_t* next = target + headRoomBytes_;
  std::memset(target, 0, headRoomBytes_);
  writeBodyHead(next, static_cast<uint32_t>(std::count_if(groups_.begin(), groups_.end(), inPart)));
  next += bodyHeadBytes;
  for (const Group& group : groups_) {
    if (!inPart(group)) continue;
    const uint64_t batchBytes = group.layout->totalBytes();
    writeSectionHead(next, SectionKind::insert, group.rowCount, group.partitionId, batchBytes);
    next += sectionHeadBytes;
    group.layout->writeFrame(next);
    for (size_t i = 0; i < table_.columns.size(); i++) {
      const InputColumn& column = table_.columns[i];
      if (column.width == 0) {
        writeTexts(column, group, i, next);
      } else {
        writeColumn(column, group, i, next);
      }
    }
    next += batchBytes;
  }
}

void ScanPlan::writeColumn(const InputColumn& column, const Group& group, size_t position,
                           uint8_t* target) const {
  uint8_t* data = group.layout->data(target, position);
  uint8_t* const validity = group.layout->validity(target, position);
  const bool dense = !column.constant && column.present.empty();
  if (dense && group.rows.empty()) {
    std::memcpy(data, column.values, column.width * group.rowCount);
    return;
  }
  for (uint32_t i = 0; i < group.rowCount; i++, data += column.width) {
    const uint32_t row = group.rows.empty() ? i : group.rows[i];
    if (!column.isPresent(row)) {
      std::memset(data, 0, column.width);
      continue;
    }
    std::memcpy(data, column.value(row).data(), column.width);
    if (validity != nullptr) validity[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
  }
}

void ScanPlan::writeTexts(const InputColumn& column, const Group& group, size_t position,
                          uint8_t* target) const {
  uint8_t* const data = group.layout->data(target, position);
  uint32_t* const offsets = group.layout->offsets(target, position);
  uint8_t* const validity = group.layout->validity(target, position);
  uint32_t at = 0;
  offsets[0] = 0;
  for (uint32_t i = 0; i < group.rowCount; i++) {
    const uint32_t row = group.rows.empty() ? i : group.rows[i];
    if (column.isPresent(row)) {
      const std::string_view value = column.value(row);
      if (!value.empty()) std::memcpy(data + at, value.data(), value.size());
      at += static_cast<uint32_t>(value.size());
      if (validity != nullptr) validity[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
    }
    offsets[i + 1] = at;
  }
}

}  // namespace dipper
