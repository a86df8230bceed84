// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Applies log bodies: deletes first, then inserts, then the shadows that Milvus's duplicate rule
// asks for (an older live row of the same partition and key is hidden but still counted).
#include <algorithm>

#include "segment/shard.h"

namespace dipper {
namespace {

KeyRef keyAt(const BatchColumn& column, uint32_t row) {
  if (column.offsets != nullptr) return KeyRef::ofText(column.text(row));
  return KeyRef::ofNumber(reinterpret_cast<const int64_t*>(column.data)[row]);
}

}  // namespace

Status Shard::stageSections(Plan& plan, uint64_t timestamp) {
  for (const LogSection& section : plan.sections) {
    Status status = checkBatch(*schema_, section.batch, section.kind == SectionKind::remove);
    if (!status.ok()) return status;
    if (section.kind == SectionKind::insert && !growing_.contains(section.partitionId)) {
      return Status(ErrorKind::missing, "segment-missing",
                    "partition " + std::to_string(section.partitionId) + " has no growing segment");
    }
  }
  for (const LogSection& section : plan.sections) {
    if (section.kind != SectionKind::insert) continue;
    GrowingSegment* const segment = growing_.at(section.partitionId).get();
    plan.staged.push_back({segment, segment->stagedRows(), section.batch.rowCount()});
    Status status = segment->stage(section.batch, timestamp);
    if (!status.ok()) return status;
  }
  return Status();
}

void Shard::resolveDeletes(const RowBatchView& keys, uint64_t timestamp, Plan& plan) const {
  const BatchColumn* const column = keys.find(schema_->primaryKey().id);
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < keys.rowCount(); i++) {
    const KeyRef key = keyAt(*column, i);
    const uint64_t hash = key.hash();
    for (const auto& segment : segments_) {
      rows.clear();
      segment->findKey(hash, key, rows);
      for (const uint32_t row : rows) {
        if (segment->deletes.deleted(row) || segment->timestampOf(row) >= timestamp) continue;
        plan.hides.push_back({segment.get(), row, HideKind::deleted});
      }
    }
  }
}

void Shard::resolveShadows(const Staged& staged, uint64_t timestamp, Plan& plan) const {
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < staged.rowCount; i++) {
    const KeyRef key = staged.segment->keyOf(staged.firstRow + i);
    const uint64_t hash = key.hash();
    for (const auto& segment : segments_) {
      if (segment->partitionId() != staged.segment->partitionId()) continue;
      rows.clear();
      segment->findKey(hash, key, rows);
      for (const uint32_t row : rows) {
        if (segment->deletes.hidden(row) || segment->timestampOf(row) > timestamp) continue;
        plan.hides.push_back({segment.get(), row, HideKind::shadowed});
      }
    }
  }
}

Status Shard::reservePlan(const Plan& plan, uint64_t timestamp) {
  std::map<Segment*, uint64_t> entryCounts;
  for (const HideTarget& target : plan.hides) {
    // The list is kept in the order of time; what comes late was applied before, or is damage.
    if (target.segment->deletes.lastTimestamp() > timestamp) {
      return Status(ErrorKind::corrupt, "corrupt",
                    "segment " + std::to_string(target.segment->id()) +
                        " holds later deletes than stamp " + std::to_string(timestamp));
    }
    entryCounts[target.segment]++;
    if (const Twin* const twin = twinOf(target.segment)) entryCounts[twin->frozen.get()]++;
  }
  for (const Staged& staged : plan.staged) {
    Status status = staged.segment->reserveStaged();
    if (!status.ok()) return status;
    entryCounts[staged.segment] += staged.segment->stagedRows() - staged.segment->rowCount();
  }
  for (const auto& [segment, count] : entryCounts) {
    Status status = segment->deletes.reserveEntries(count);
    if (!status.ok()) return status;
  }
  return Status();
}

void Shard::hideRow(const HideTarget& target, uint64_t timestamp, AppliedChange& out) {
  if (const Twin* const twin = twinOf(target.segment)) {
    twin->frozen->deletes.hide(twin->order->frozenRow[target.row], timestamp, target.kind);
  }
  if (!target.segment->deletes.hide(target.row, timestamp, target.kind)) return;
  out.hidden.push_back({target.segment->id(), target.row, target.kind});
}

void Shard::commitPlan(const Plan& plan, uint64_t timestamp, AppliedChange& out) {
  for (const HideTarget& target : plan.hides) hideRow(target, timestamp, out);
  for (const Staged& staged : plan.staged) {
    for (uint32_t row = staged.firstRow; row < staged.firstRow + staged.rowCount; row++) {
      const uint32_t older = staged.segment->indexRow(row);
      // Older rows of this very body: the later row wins. Rows from before it are in the plan.
      if (older == KeyIndex::none || staged.segment->timestampOf(older) != timestamp) continue;
      hideRow({staged.segment, older, HideKind::shadowed}, timestamp, out);
    }
    out.inserted.push_back({staged.segment->id(), staged.firstRow, staged.rowCount});
  }
  for (const Staged& staged : plan.staged) staged.segment->publish();
}

Status Shard::applyBody(const uint8_t* body, size_t sizeBytes, uint64_t timestamp,
                        AppliedChange& out) {
  std::lock_guard lock(writerMutex_);
  Plan plan;
  Status status = parseLogBody(body, sizeBytes, plan.sections);
  if (status.ok()) status = stageSections(plan, timestamp);
  if (status.ok()) {
    for (const LogSection& section : plan.sections) {
      if (section.kind == SectionKind::remove) resolveDeletes(section.batch, timestamp, plan);
    }
    for (const Staged& staged : plan.staged) resolveShadows(staged, timestamp, plan);
    status = reservePlan(plan, timestamp);
  }
  if (!status.ok()) {
    for (const Staged& staged : plan.staged) staged.segment->unstage();
    return status;
  }
  commitPlan(plan, timestamp, out);
  return status;
}

}  // namespace dipper
