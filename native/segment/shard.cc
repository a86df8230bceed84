// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Segment membership and views; applying bodies is in shard-apply.cc.
#include "segment/shard.h"

#include <algorithm>

namespace dipper {
namespace {

Status unfit(const std::string& what) {
  return Status(ErrorKind::invalid, "parameter-invalid", what);
}

std::string named(const Segment& segment) { return "segment " + std::to_string(segment.id()); }

/** The sealed form may come with a delete image: then it is how the frozen form's list begins. */
bool startsWith(const DeleteState& frozen, const SealOrder& order, const DeleteState& sealed) {
  if (sealed.entryCount() > frozen.entryCount()) return false;
  for (uint32_t i = 0; i < sealed.entryCount(); i++) {
    const HideEntry ours = frozen.entry(i);
    const HideEntry theirs = sealed.entry(i);
    if (order.sealedRow[ours.row] != theirs.row || ours.timestamp != theirs.timestamp ||
        ours.kind != theirs.kind) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool Shard::has(const Segment* segment) const {
  return std::any_of(segments_.begin(), segments_.end(),
                     [&](const auto& known) { return known.get() == segment; });
}

const Shard::Twin* Shard::twinOf(const Segment* sealed) const {
  for (const Twin& twin : twins_) {
    if (twin.sealed.get() == sealed) return &twin;
  }
  return nullptr;
}

Status Shard::openGrowing(uint64_t partitionId, uint64_t segmentId,
                          std::shared_ptr<GrowingSegment>& out) {
  std::lock_guard lock(writerMutex_);
  const auto open = growing_.find(partitionId);
  if (open != growing_.end()) {
    return unfit("partition " + std::to_string(partitionId) + " already has growing " +
                 named(*open->second));
  }
  for (const auto& segment : segments_) {
    if (segment->id() == segmentId) return unfit(named(*segment) + " is already in the shard");
  }
  auto segment = std::make_shared<GrowingSegment>(schema_, segmentId, partitionId);
  growing_[partitionId] = segment;
  segments_.push_back(segment);
  {
    std::lock_guard viewLock(viewMutex_);
    unlisted_.push_back(segment);
  }
  out = std::move(segment);
  return Status();
}

std::vector<std::shared_ptr<GrowingSegment>> Shard::freezeGrowing() {
  std::lock_guard lock(writerMutex_);
  std::vector<std::shared_ptr<GrowingSegment>> frozen;
  for (auto at = growing_.begin(); at != growing_.end();) {
    if (at->second->rowCount() == 0) {
      ++at;
      continue;
    }
    at->second->freeze();
    frozen.push_back(at->second);
    at = growing_.erase(at);
  }
  return frozen;
}

Status Shard::addSealed(const std::shared_ptr<SealedSegment>& segment) {
  std::lock_guard lock(writerMutex_);
  if (has(segment.get())) return unfit(named(*segment) + " is already in the shard");
  segments_.push_back(segment);
  return Status();
}

Status Shard::replaceFrozen(const std::shared_ptr<GrowingSegment>& frozen,
                            const std::shared_ptr<SealedSegment>& sealed) {
  std::lock_guard lock(writerMutex_);
  if (!has(frozen.get())) {
    return Status(ErrorKind::missing, "segment-missing", named(*frozen) + " is not in the shard");
  }
  if (has(sealed.get())) return unfit(named(*sealed) + " is already in the shard");
  const std::shared_ptr<const SealOrder> order = frozen->sealOrder();
  if (frozen->state() != SegmentState::frozen || order == nullptr) {
    return unfit(named(*frozen) + " has no seal image yet");
  }
  if (sealed->rowCount() != order->sealedRow.size() ||
      sealed->partitionId() != frozen->partitionId()) {
    return unfit(named(*sealed) + " is not the sealed form of " + named(*frozen));
  }
  const uint32_t entryCount = frozen->deletes.entryCount();
  Status status = sealed->deletes.reserveEntries(entryCount);
  if (!status.ok()) return status;
  const uint32_t carriedCount = sealed->deletes.entryCount();
  if (!startsWith(frozen->deletes, *order, sealed->deletes)) {
    return unfit(named(*sealed) + " holds deletes that " + named(*frozen) + " never had");
  }
  for (uint32_t i = carriedCount; i < entryCount; i++) {
    const HideEntry entry = frozen->deletes.entry(i);
    sealed->deletes.hide(order->sealedRow[entry.row], entry.timestamp, entry.kind);
  }
  for (auto& segment : segments_) {
    if (segment.get() == frozen.get()) segment = sealed;
  }
  twins_.push_back({sealed, frozen, order});
  return status;
}

Status Shard::removeSegment(const std::shared_ptr<Segment>& segment) {
  std::lock_guard lock(writerMutex_);
  const auto same = [&](const auto& known) { return known.get() == segment.get(); };
  if (std::erase_if(segments_, same) == 0) {
    return Status(ErrorKind::missing, "segment-missing", named(*segment) + " is not in the shard");
  }
  std::erase_if(growing_, [&](const auto& open) { return open.second.get() == segment.get(); });
  std::erase_if(twins_, [&](const Twin& twin) { return twin.sealed.get() == segment.get(); });
  std::lock_guard viewLock(viewMutex_);
  std::erase_if(unlisted_, same);
  return Status();
}

void Shard::publishView(std::vector<std::shared_ptr<Segment>> segments) {
  auto view = std::make_shared<View>();
  view->segments = std::move(segments);
  const auto lists = [&](const Segment* wanted) {
    return std::any_of(view->segments.begin(), view->segments.end(),
                       [&](const auto& listed) { return listed.get() == wanted; });
  };
  std::lock_guard lock(writerMutex_);
  std::lock_guard viewLock(viewMutex_);
  // A frozen segment that a view left out after its sealed form came in is gone for good; one
  // whose sealed form is listed before itself ever was counts as listed.
  for (const Twin& twin : twins_) {
    if (!lists(twin.sealed.get())) continue;
    std::erase_if(unlisted_, [&](const auto& open) { return open.get() == twin.frozen.get(); });
  }
  std::erase_if(unlisted_, [&](const auto& open) { return lists(open.get()); });
  std::erase_if(twins_, [&](const Twin& twin) {
    const bool waiting = std::any_of(unlisted_.begin(), unlisted_.end(), [&](const auto& open) {
      return open.get() == twin.frozen.get();
    });
    return lists(twin.sealed.get()) && !lists(twin.frozen.get()) && !waiting;
  });
  view_ = std::move(view);
}

std::shared_ptr<Segment> Shard::lingering(uint64_t handle) {
  std::lock_guard lock(writerMutex_);
  for (const Twin& twin : twins_) {
    if (twin.frozen->handle.load(std::memory_order_acquire) == handle) return twin.frozen;
  }
  return nullptr;
}

void Shard::unpublishView() {
  std::lock_guard viewLock(viewMutex_);
  view_ = nullptr;
}

bool Shard::pinView(uint64_t timestamp, Pin& out) {
  std::lock_guard viewLock(viewMutex_);
  if (view_ == nullptr) return false;
  out.segments = view_->segments;
  out.segments.insert(out.segments.end(), unlisted_.begin(), unlisted_.end());
  out.timestamp = timestamp;
  out.schema = schema_;
  return true;
}

PinOutcome Shard::pinAt(uint64_t timestamp, Pin& out) {
  {
    std::lock_guard viewLock(viewMutex_);
    if (view_ == nullptr) return PinOutcome::noView;
  }
  // Admission first: what the view's segments hold afterwards includes every row up to T.
  if (!slot_.admit(timestamp)) return PinOutcome::notYet;
  return pinView(timestamp, out) ? PinOutcome::pinned : PinOutcome::noView;
}

PinOutcome Shard::pinLatest(const HybridClock& clock, uint64_t physicalMs, Pin& out) {
  const uint64_t timestamp = slot_.admitLatest(clock, physicalMs);
  return pinView(timestamp, out) ? PinOutcome::pinned : PinOutcome::noView;
}

}  // namespace dipper
