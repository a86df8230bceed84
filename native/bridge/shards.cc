// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Face, part three: shards and views.
#include "bridge/functions.h"
#include "bridge/values.h"

namespace dipper::bridge {
namespace {

using PartitionId = uint64_t;

uint64_t registerSegment(const std::shared_ptr<Segment>& segment, uint64_t ownerEpoch) {
  const uint64_t handle = Registry::instance().add<Segment>(segment, ownerEpoch);
  segment->handle.store(handle, std::memory_order_release);
  return handle;
}

/** A segment argument that must be sealed (or must be not). */
template <typename T>
std::shared_ptr<T> segmentOfState(Arguments& arguments, size_t position, bool sealed) {
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(position);
  if (!arguments.ok()) return nullptr;
  if ((segment->state() == SegmentState::sealed) != sealed) {
    arguments.refuse("segment", sealed ? "a sealed segment" : "a growing or frozen segment");
    return nullptr;
  }
  return std::static_pointer_cast<T>(segment);
}

Napi::Value fromChange(Napi::Env env, const AppliedChange& change) {
  std::vector<double> inserted;
  for (const auto& range : change.inserted) {
    inserted.insert(inserted.end(),
                    {static_cast<double>(range.segmentId), static_cast<double>(range.firstRow),
                     static_cast<double>(range.rowCount)});
  }
  std::vector<double> hidden;
  for (const auto& row : change.hidden) {
    hidden.insert(hidden.end(), {static_cast<double>(row.segmentId), static_cast<double>(row.row),
                                 static_cast<double>(row.kind)});
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("inserted", fromNumbers(env, inserted));
  object.Set("hidden", fromNumbers(env, hidden));
  return object;
}

Napi::Value fromFrozen(Napi::Env env, const GrowingSegment& segment) {
  const uint32_t rowCount = segment.rowCount();
  Napi::Object object = Napi::Object::New(env);
  object.Set("segment", fromCount(env, segment.handle.load(std::memory_order_acquire)));
  object.Set("segmentId", fromCount(env, segment.id()));
  object.Set("partitionId", fromCount(env, segment.partitionId()));
  object.Set("rowCount", fromCount(env, rowCount));
  object.Set("sizeBytes", fromCount(env, segment.memoryBytes()));
  object.Set("minTimestamp", fromStamp(env, segment.timestampOf(0)));
  object.Set("maxTimestamp", fromStamp(env, segment.timestampOf(rowCount - 1)));
  return object;
}

Napi::Value fromPin(Napi::Env env, PinOutcome outcome, Pin pin, uint64_t ownerEpoch) {
  if (outcome == PinOutcome::noView) return Napi::Number::New(env, -1);
  if (outcome == PinOutcome::notYet) return Napi::Number::New(env, 0);
  auto held = std::make_shared<Pin>(std::move(pin));
  return fromCount(env, Registry::instance().add(std::move(held), ownerEpoch));
}

}  // namespace

Napi::Value createShard(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  std::shared_ptr<const Schema> schema = arguments.handle<const Schema>(0);
  const uint64_t epoch = arguments.count(1, "ownerEpoch", Arguments::handleMax);
  if (!arguments.ok()) return arguments.raise();
  return fromCount(info.Env(),
                   Registry::instance().add(std::make_shared<Shard>(std::move(schema)), epoch));
}

Napi::Value stampShard(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const std::shared_ptr<HybridClock> clock = arguments.handle<HybridClock>(1);
  const uint64_t physicalMs = arguments.count(2, "physicalMs", physicalMsMax);
  if (!arguments.ok()) return arguments.raise();
  return fromStamp(info.Env(), shard->slot().stamp(*clock, physicalMs));
}

Napi::Value setUnapplied(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const uint64_t first = arguments.stamp(1, "firstUnapplied");
  if (!arguments.ok()) return arguments.raise();
  shard->slot().setUnapplied(first);
  return info.Env().Undefined();
}

Napi::Value openGrowing(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const PartitionId partitionId = arguments.count(1, "partitionId", Arguments::handleMax);
  const uint64_t segmentId = arguments.count(2, "segmentId", Arguments::handleMax);
  std::shared_ptr<GrowingSegment> segment;
  if (arguments.ok()) arguments.refuse(shard->openGrowing(partitionId, segmentId, segment));
  if (!arguments.ok()) return arguments.raise();
  const uint64_t owner =
      Registry::instance().ownerOf(arguments.count(0, "shard", Arguments::handleMax));
  return fromCount(info.Env(), registerSegment(segment, owner));
}

Napi::Value applyBody(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const Bytes body = arguments.bytes(1, "body");
  const uint64_t timestamp = arguments.stamp(2, "timestamp");
  AppliedChange change;
  if (arguments.ok()) arguments.refuse(shard->applyBody(body.data, body.size, timestamp, change));
  return arguments.ok() ? fromChange(info.Env(), change) : arguments.raise();
}

Napi::Value freezeGrowing(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  if (!arguments.ok()) return arguments.raise();
  Napi::Array list = Napi::Array::New(info.Env());
  uint32_t position = 0;
  for (const auto& segment : shard->freezeGrowing())
    list.Set(position++, fromFrozen(info.Env(), *segment));
  return list;
}

Napi::Value addSealed(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const auto segment = segmentOfState<SealedSegment>(arguments, 1, true);
  if (arguments.ok()) arguments.refuse(shard->addSealed(segment));
  return arguments.ok() ? info.Env().Undefined() : arguments.raise();
}

Napi::Value replaceFrozen(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const auto frozen = segmentOfState<GrowingSegment>(arguments, 1, false);
  const auto sealed = segmentOfState<SealedSegment>(arguments, 2, true);
  if (arguments.ok()) arguments.refuse(shard->replaceFrozen(frozen, sealed));
  return arguments.ok() ? info.Env().Undefined() : arguments.raise();
}

Napi::Value removeSegment(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(1);
  if (arguments.ok()) arguments.refuse(shard->removeSegment(segment));
  return arguments.ok() ? info.Env().Undefined() : arguments.raise();
}

Napi::Value publishView(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  std::vector<std::shared_ptr<Segment>> segments;
  for (const uint64_t handle : arguments.wholeNumbers(1, "segments")) {
    segments.push_back(Registry::instance().get<Segment>(handle));
    if (segments.back() == nullptr && shard != nullptr) segments.back() = shard->lingering(handle);
    if (segments.back() == nullptr) {
      arguments.refuse(Status(ErrorKind::missing, "closed",
                              "segment " + std::to_string(handle) + " is not open"));
    }
  }
  if (!arguments.ok()) return arguments.raise();
  shard->publishView(std::move(segments));
  return info.Env().Undefined();
}

Napi::Value unpublishView(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  if (!arguments.ok()) return arguments.raise();
  shard->unpublishView();
  return info.Env().Undefined();
}

Napi::Value pinView(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const uint64_t timestamp = arguments.stamp(1, "timestamp");
  if (!arguments.ok()) return arguments.raise();
  const uint64_t owner =
      Registry::instance().ownerOf(arguments.count(0, "shard", Arguments::handleMax));
  Pin pin;
  const PinOutcome outcome = shard->pinAt(timestamp, pin);
  return fromPin(info.Env(), outcome, std::move(pin), owner);
}

Napi::Value pinLatest(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Shard> shard = arguments.handle<Shard>(0);
  const std::shared_ptr<HybridClock> clock = arguments.handle<HybridClock>(1);
  const uint64_t physicalMs = arguments.count(2, "physicalMs", physicalMsMax);
  if (!arguments.ok()) return arguments.raise();
  const uint64_t owner =
      Registry::instance().ownerOf(arguments.count(0, "shard", Arguments::handleMax));
  Pin pin;
  const PinOutcome outcome = shard->pinLatest(*clock, physicalMs, pin);
  return fromPin(info.Env(), outcome, std::move(pin), owner);
}

Napi::Value unpinView(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  // A pin that its call consumed, or that went with its owner, is gone already: no error.
  const uint64_t pin = arguments.count(0, "pin", Arguments::handleMax);
  if (!arguments.ok()) return arguments.raise();
  Registry::instance().take<Pin>(pin);
  return info.Env().Undefined();
}

}  // namespace dipper::bridge
