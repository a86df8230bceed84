// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A shard from below: rows over many chunks, bodies that are refused halfway, readers that race
// the writer, and the shared slot of times.
#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "segment/shard.h"
#include "test/check.h"

namespace dipper {
namespace {

std::shared_ptr<const Schema> sampleSchema() {
  std::shared_ptr<const Schema> schema;
  CHECK_OK(Schema::compile(R"({"version":0,"dynamic":false,"fields":[
    {"id":100,"name":"id","type":5,"primaryKey":true},
    {"id":101,"name":"text","type":21,"maxLength":100,"nullable":true},
    {"id":102,"name":"vector","type":101,"dim":2}]})",
                           schema));
  return schema;
}

/** A body of one insert section: keys first.., text "t<key>" (null for every fifth), a vector. */
std::vector<uint8_t> insertBody(int64_t first, uint32_t rowCount, uint64_t partitionId) {
  std::string texts;
  uint32_t nullCount = 0;
  for (uint32_t i = 0; i < rowCount; i++) {
    if ((first + i) % 5 == 0) {
      nullCount++;
    } else {
      texts += "t" + std::to_string(first + i);
    }
  }
  const RowBatchLayout layout(rowCount,
                              {{100, DataType::int64, DataType::none, 0, 0, 0},
                               {101, DataType::varchar, DataType::none, 0, nullCount, texts.size()},
                               {102, DataType::floatVector, DataType::none, 2, 0, 0}});
  std::vector<uint8_t> body(bodyHeadBytes + sectionHeadBytes + layout.totalBytes());
  writeBodyHead(body.data(), 1);
  writeSectionHead(body.data() + bodyHeadBytes, SectionKind::insert, rowCount, partitionId,
                   layout.totalBytes());
  uint8_t* const batch = body.data() + bodyHeadBytes + sectionHeadBytes;
  layout.writeFrame(batch);
  uint32_t at = 0;
  for (uint32_t i = 0; i < rowCount; i++) {
    const int64_t key = first + i;
    const float vector[2] = {static_cast<float>(key), 1};
    std::memcpy(layout.data(batch, 0) + 8 * i, &key, 8);
    std::memcpy(layout.data(batch, 2) + 8 * i, vector, 8);
    if (key % 5 != 0) {
      const std::string text = "t" + std::to_string(key);
      std::memcpy(layout.data(batch, 1) + at, text.data(), text.size());
      at += static_cast<uint32_t>(text.size());
      if (nullCount > 0) layout.validity(batch, 1)[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
    }
    layout.offsets(batch, 1)[i + 1] = at;
  }
  return body;
}

/** Checks key, text and vector of every row below `visible`. */
uint32_t wrongRows(const Segment& segment, uint32_t visible) {
  uint32_t wrong = 0;
  for (uint32_t row = 0; row < visible; row++) {
    const int64_t key = segment.keyOf(row).number;
    ColumnChunk text;
    ColumnChunk vector;
    if (!segment.column(101, row, visible, text) || !segment.column(102, row, visible, vector))
      return visible;
    const uint32_t local = row - text.firstRow;
    const bool present = bitAt(text.validity, local);
    const std::string_view value(reinterpret_cast<const char*>(text.data) + text.offsets[local],
                                 text.offsets[local + 1] - text.offsets[local]);
    float first = 0;
    std::memcpy(&first, vector.data + size_t{8} * (row - vector.firstRow), 4);
    const std::string expected = key % 5 == 0 ? "" : "t" + std::to_string(key);
    if (key != row || present != (key % 5 != 0) || value != expected ||
        first != static_cast<float>(key))
      wrong++;
  }
  return wrong;
}

DIPPER_TEST(segment_rows_survive_chunk_borders) {
  Shard shard(sampleSchema());
  std::shared_ptr<GrowingSegment> segment;
  CHECK_OK(shard.openGrowing(1, 10, segment));
  AppliedChange change;
  int64_t next = 0;
  for (const uint32_t size : {1, 254, 2, 700, 3000, 20000, 1, 17000}) {
    const std::vector<uint8_t> body = insertBody(next, size, 1);
    CHECK_OK(shard.applyBody(body.data(), body.size(), static_cast<uint64_t>(next) + 1, change));
    next += size;
  }
  CHECK_EQ(segment->rowCount(), static_cast<uint32_t>(next));
  CHECK_EQ(wrongRows(*segment, segment->rowCount()), 0u);
  CHECK_EQ(segment->visibleRows(0), 0u);
  CHECK_EQ(segment->visibleRows(1), 1u);
  CHECK_EQ(segment->visibleRows(255), 255u);
  CHECK_EQ(segment->visibleRows(256), 257u);
}

DIPPER_TEST(segment_refused_body_leaves_no_trace) {
  Shard shard(sampleSchema());
  std::shared_ptr<GrowingSegment> segment;
  CHECK_OK(shard.openGrowing(1, 10, segment));
  AppliedChange change;
  const std::vector<uint8_t> first = insertBody(0, 200, 1);
  CHECK_OK(shard.applyBody(first.data(), first.size(), 1, change));
  // Two sections, the second for a partition that is not open.
  std::vector<uint8_t> refused = insertBody(200, 1000, 1);
  const std::vector<uint8_t> other = insertBody(200, 10, 2);
  refused.insert(refused.end(), other.begin() + bodyHeadBytes, other.end());
  writeBodyHead(refused.data(), 2);
  CHECK_EQ(shard.applyBody(refused.data(), refused.size(), 2, change).code(),
           std::string("segment-missing"));
  // No memory for the rows: chunks were begun, then forgotten.
  const std::vector<uint8_t> large = insertBody(200, 40000, 1);
  const uint64_t used = memoryUse().usedBytes[static_cast<size_t>(MemoryClass::growing)];
  setMemoryBudget(MemoryClass::growing, used + 300000);
  CHECK(shard.applyBody(large.data(), large.size(), 3, change).kind() == ErrorKind::memory);
  setMemoryBudget(MemoryClass::growing, 0);
  CHECK_EQ(segment->rowCount(), 200u);
  const std::vector<uint8_t> last = insertBody(200, 5000, 1);
  CHECK_OK(shard.applyBody(last.data(), last.size(), 4, change));
  CHECK_EQ(segment->rowCount(), 5200u);
  CHECK_EQ(wrongRows(*segment, 5200), 0u);
}

DIPPER_TEST(segment_readers_race_the_writer) {
  Shard shard(sampleSchema());
  HybridClock clock;
  std::shared_ptr<GrowingSegment> segment;
  CHECK_OK(shard.openGrowing(1, 10, segment));
  shard.publishView({});
  std::atomic<bool> done{false};
  std::atomic<uint32_t> wrong{0};
  std::thread reader([&] {
    while (!done.load(std::memory_order_acquire)) {
      Pin pin;
      if (shard.pinLatest(clock, 0, pin) != PinOutcome::pinned || pin.segments.size() != 1) {
        wrong++;
        continue;
      }
      const uint32_t visible = pin.segments[0]->visibleRows(pin.timestamp);
      wrong += wrongRows(*pin.segments[0], visible);
    }
  });
  AppliedChange change;
  for (int64_t next = 0; next < 30000; next += 100) {
    const std::vector<uint8_t> body = insertBody(next, 100, 1);
    const uint64_t stamp = shard.slot().stamp(clock, 0);
    CHECK_OK(shard.applyBody(body.data(), body.size(), stamp, change));
    shard.slot().setUnapplied(0);
  }
  done.store(true, std::memory_order_release);
  reader.join();
  CHECK_EQ(wrong.load(), 0u);
  CHECK_EQ(segment->rowCount(), 30000u);
}

DIPPER_TEST(slot_no_stamp_slips_below_an_admitted_reader) {
  ShardSlot slot;
  HybridClock clock;
  std::atomic<uint64_t> lastApplied{0};
  std::atomic<bool> done{false};
  std::atomic<uint32_t> wrong{0};
  // The writer "applies" by publishing its stamp; a reader admitted at T must find every stamp
  // that is ever given at or below T already published.
  std::thread reader([&] {
    uint64_t admitted = 0;
    uint64_t published = 0;
    while (!done.load(std::memory_order_acquire)) {
      const uint64_t now = lastApplied.load(std::memory_order_acquire);
      // Stamps rise, so a later one at or below the admitted time is one that slipped through.
      if (now > published && now <= admitted) wrong++;
      const uint64_t wanted = clock.last() + 3;
      if (!slot.admit(wanted)) continue;
      published = lastApplied.load(std::memory_order_acquire);
      admitted = wanted;
    }
  });
  for (int i = 0; i < 300000; i++) {
    const uint64_t stamp = slot.stamp(clock, 0);
    lastApplied.store(stamp, std::memory_order_release);
    slot.setUnapplied(0);
  }
  done.store(true, std::memory_order_release);
  reader.join();
  CHECK_EQ(wrong.load(), 0u);
}

DIPPER_TEST(slot_far_future_readers_do_not_drag_the_clock) {
  ShardSlot slot;
  HybridClock clock;
  CHECK(slot.admit(timestampMax));
  CHECK(slot.admit(uint64_t{1} << 62));
  CHECK_EQ(slot.stamp(clock, 5), uint64_t{5} << logicalBits);
  CHECK(!slot.admit(timestampMax));
}

}  // namespace
}  // namespace dipper
