// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A shard: the segments that its one writer changes, the view that its reader published, and the
// slot where both meet in time.
//
// A body is applied in two halves. The first may fail and changes nothing that anybody sees: it
// checks every section, copies new rows behind the published count, resolves which rows are
// hidden and reserves room for that. The second cannot fail. So a refused body (bad row, no
// memory) leaves the shard as it was.
//
// Published views lag behind the writer, since the reader is another actor. Two things keep a
// lagging view right: growing segments that no view has listed yet are added to every pin, and
// while a view still lists a frozen segment, deletes of its sealed form are applied to both.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "segment/growing.h"
#include "segment/log-body.h"
#include "segment/sealed.h"
#include "segment/shard-slot.h"

namespace dipper {

/** What a published view holds; immutable. */
struct View {
  std::vector<std::shared_ptr<Segment>> segments;
};

/** A reader's hold on a view at a time. */
struct Pin {
  std::vector<std::shared_ptr<Segment>> segments;
  uint64_t timestamp = 0;
  std::shared_ptr<const Schema> schema;
};

struct AppliedChange {
  struct Inserted {
    uint64_t segmentId;
    uint32_t firstRow;
    uint32_t rowCount;
  };
  struct Hidden {
    uint64_t segmentId;
    uint32_t row;
    HideKind kind;
  };
  std::vector<Inserted> inserted;
  std::vector<Hidden> hidden;
};

enum class PinOutcome { pinned, notYet, noView };

class Shard {
 public:
  explicit Shard(std::shared_ptr<const Schema> schema) : schema_(std::move(schema)) {}

  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  ShardSlot& slot() { return slot_; }

  // Writer's side.
  Status openGrowing(uint64_t partitionId, uint64_t segmentId,
                     std::shared_ptr<GrowingSegment>& out);
  Status applyBody(const uint8_t* body, size_t sizeBytes, uint64_t timestamp, AppliedChange& out);
  std::vector<std::shared_ptr<GrowingSegment>> freezeGrowing();
  Status addSealed(const std::shared_ptr<SealedSegment>& segment);
  Status replaceFrozen(const std::shared_ptr<GrowingSegment>& frozen,
                       const std::shared_ptr<SealedSegment>& sealed);
  Status removeSegment(const std::shared_ptr<Segment>& segment);

  // Reader's side; any thread.
  void publishView(std::vector<std::shared_ptr<Segment>> segments);
  /**
   * A segment whose handle the writer already released, while a view that lags behind may still
   * ask for it; null when there is none.
   */
  std::shared_ptr<Segment> lingering(uint64_t handle);
  void unpublishView();
  PinOutcome pinAt(uint64_t timestamp, Pin& out);
  PinOutcome pinLatest(const HybridClock& clock, uint64_t physicalMs, Pin& out);

 private:
  struct HideTarget {
    Segment* segment;
    uint32_t row;
    HideKind kind;
  };
  struct Staged {
    GrowingSegment* segment;
    uint32_t firstRow;
    uint32_t rowCount;
  };
  /** A sealed segment whose frozen form may still be in the published view. */
  struct Twin {
    std::shared_ptr<SealedSegment> sealed;
    std::shared_ptr<GrowingSegment> frozen;
    std::shared_ptr<const SealOrder> order;
  };
  /** The halves of applyBody's plan. */
  struct Plan {
    std::vector<LogSection> sections;
    std::vector<Staged> staged;
    std::vector<HideTarget> hides;
  };

  Status stageSections(Plan& plan, uint64_t timestamp);
  void resolveDeletes(const RowBatchView& keys, uint64_t timestamp, Plan& plan) const;
  void resolveShadows(const Staged& staged, uint64_t timestamp, Plan& plan) const;
  Status reservePlan(const Plan& plan, uint64_t timestamp);
  void commitPlan(const Plan& plan, uint64_t timestamp, AppliedChange& out);
  void hideRow(const HideTarget& target, uint64_t timestamp, AppliedChange& out);
  const Twin* twinOf(const Segment* sealed) const;
  bool has(const Segment* segment) const;
  bool pinView(uint64_t timestamp, Pin& out);

  std::shared_ptr<const Schema> schema_;
  ShardSlot slot_;

  std::mutex writerMutex_;  // the writer's calls, and publishView's touch of twins
  std::map<uint64_t, std::shared_ptr<GrowingSegment>> growing_;  // by partition
  std::vector<std::shared_ptr<Segment>> segments_;               // all that take part in look-ups
  std::vector<Twin> twins_;

  std::mutex viewMutex_;  // held for a pointer copy
  std::shared_ptr<const View> view_;
  std::vector<std::shared_ptr<GrowingSegment>> unlisted_;
};

}  // namespace dipper
