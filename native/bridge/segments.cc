// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Face, part four: sealing, opening and indexing segments.
#include "bridge/functions.h"
#include "bridge/pool.h"
#include "bridge/values.h"
#include "segment/delete-image.h"
#include "segment/seal-image.h"

namespace dipper::bridge {
namespace {

/** A call split in what may run anywhere and what makes its JavaScript value. */
struct Task {
  std::function<Status()> work;
  std::function<Napi::Value(Napi::Env)> result;
};

Napi::Value fromImage(Napi::Env env, SegmentImage& image) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("base", fromBlock(env, std::move(image.base)));
  Napi::Array vectors = Napi::Array::New(env);
  for (uint32_t i = 0; i < image.vectors.size(); i++) {
    Napi::Object item = Napi::Object::New(env);
    item.Set("fieldId", fromCount(env, image.vectors[i].fieldId));
    item.Set("bytes", fromBlock(env, std::move(image.vectors[i].rows)));
    vectors.Set(i, item);
  }
  object.Set("vectors", vectors);
  object.Set("keys", fromBlock(env, std::move(image.keys)));
  object.Set("deletes", image.deletes.empty() ? env.Null() : fromBytes(env, image.deletes));
  object.Set("rowCount", fromCount(env, image.rowCount));
  return object;
}

bool prepareSeal(Arguments& arguments, Task& task) {
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(0);
  const uint64_t through = arguments.stamp(1, "throughTimestamp");
  if (!arguments.ok()) return false;
  if (segment->state() != SegmentState::frozen) {
    arguments.refuse("segment", "a frozen segment");
    return false;
  }
  auto image = std::make_shared<SegmentImage>();
  const auto frozen = std::static_pointer_cast<GrowingSegment>(segment);
  task.work = [frozen, through, image] { return sealImage(*frozen, through, *image); };
  task.result = [image](Napi::Env env) { return fromImage(env, *image); };
  return true;
}

bool prepareBuild(Arguments& arguments, Task& task) {
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(0);
  const uint32_t fieldId = static_cast<uint32_t>(arguments.count(1, "fieldId", UINT32_MAX));
  const std::string indexType = arguments.text(2, "indexType");
  BuildOptions options;
  options.metric = static_cast<Metric>(arguments.count(3, "metric", 3));
  options.m = static_cast<uint32_t>(arguments.count(4, "m", 2048));
  options.efConstruction = static_cast<uint32_t>(arguments.count(5, "efConstruction", 1 << 20));
  options.threadCount = static_cast<uint32_t>(arguments.count(6, "threadCount", 1024));
  const std::shared_ptr<CancelFlag> cancel = arguments.cancel(7);
  if (!arguments.ok()) return false;
  if (indexType != "HNSW" && indexType != "AUTOINDEX") {
    arguments.refuse(
        Status(ErrorKind::invalid, "index-unsupported", "no index file for " + indexType));
  }
  if (static_cast<uint8_t>(options.metric) == 0) arguments.refuse("metric", "1, 2 or 3");
  const Field* const field = segment->schema().byId(fieldId);
  ColumnChunk rows;
  const bool sealed = segment->state() == SegmentState::sealed;
  if (field == nullptr || field->type != DataType::floatVector) {
    arguments.refuse("fieldId", "a FloatVector field");
  } else if (!sealed || !std::static_pointer_cast<SealedSegment>(segment)->vectors(fieldId, rows)) {
    arguments.refuse("segment", "a sealed segment with vectors of the field");
  }
  if (!arguments.ok()) return false;
  auto file = std::make_shared<std::vector<uint8_t>>();
  task.work = [segment, rows, options, cancel, file, dim = field->dim]() mutable {
    options.cancel = cancel.get();
    return buildGraphIndex({reinterpret_cast<const float*>(rows.data), rows.rowCount, dim}, options,
                           *file);
  };
  task.result = [file](Napi::Env env) { return fromBytes(env, *file); };
  return true;
}

Napi::Value promised(const Napi::CallbackInfo& info, bool (*prepare)(Arguments&, Task&)) {
  Arguments arguments(info);
  Task task;
  if (!prepare(arguments, task)) return arguments.raise();
  return submit(info.Env(), Lane::background, std::move(task.work), std::move(task.result));
}

Napi::Value now(const Napi::CallbackInfo& info, bool (*prepare)(Arguments&, Task&)) {
  Arguments arguments(info);
  Task task;
  if (!prepare(arguments, task)) return arguments.raise();
  return runNow(info.Env(), task.work, task.result);
}

}  // namespace

Napi::Value sealImagePromise(const Napi::CallbackInfo& info) { return promised(info, prepareSeal); }
Napi::Value sealImageNow(const Napi::CallbackInfo& info) { return now(info, prepareSeal); }
Napi::Value buildIndexPromise(const Napi::CallbackInfo& info) {
  return promised(info, prepareBuild);
}
Napi::Value buildIndexNow(const Napi::CallbackInfo& info) { return now(info, prepareBuild); }

Napi::Value openSealed(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<const Schema> schema = arguments.handle<const Schema>(0);
  const Napi::Object source = arguments.object(1, "source");
  const uint64_t epoch = arguments.count(2, "ownerEpoch", Arguments::handleMax);
  if (!arguments.ok()) return arguments.raise();
  const uint64_t segmentId =
      arguments.countOf(source.Get("segmentId"), "segmentId", Arguments::handleMax);
  const uint64_t partitionId =
      arguments.countOf(source.Get("partitionId"), "partitionId", Arguments::handleMax);
  SealedParts parts;
  parts.base = arguments.sourceOf(source.Get("base"), "base", MemoryClass::sealed);
  parts.keys = arguments.sourceOf(source.Get("keys"), "keys", MemoryClass::sealed);
  const Napi::Value vectors = source.Get("vectors");
  if (!vectors.IsArray()) arguments.refuse("vectors", "a list");
  for (uint32_t i = 0; arguments.ok() && i < vectors.As<Napi::Array>().Length(); i++) {
    const Napi::Value item = vectors.As<Napi::Array>().Get(i);
    if (!item.IsObject()) {
      arguments.refuse("vectors", "objects");
      break;
    }
    const Napi::Object vector = item.As<Napi::Object>();
    const uint64_t fieldId = arguments.countOf(vector.Get("fieldId"), "fieldId", UINT32_MAX);
    parts.vectors.push_back(
        {static_cast<uint32_t>(fieldId),
         arguments.sourceOf(vector.Get("source"), "vectors", MemoryClass::sealed)});
  }
  const Napi::Value deletes = source.Get("deletes");
  const Bytes image = deletes.IsNull() ? Bytes() : arguments.bytesOf(deletes, "deletes");
  if (image.present) {
    parts.deletes = image.data;
    parts.deletesBytes = image.size;
  }
  std::shared_ptr<SealedSegment> segment;
  if (arguments.ok()) {
    arguments.refuse(SealedSegment::open(schema, segmentId, partitionId, parts, segment));
  }
  if (!arguments.ok()) return arguments.raise();
  const uint64_t handle = Registry::instance().add<Segment>(segment, epoch);
  segment->handle.store(handle, std::memory_order_release);
  return fromCount(info.Env(), handle);
}

Napi::Value deleteImage(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(0);
  const uint64_t through = arguments.stamp(1, "throughTimestamp");
  if (!arguments.ok()) return arguments.raise();
  std::shared_ptr<const SealOrder> order;
  if (segment->state() != SegmentState::sealed) {
    order = std::static_pointer_cast<GrowingSegment>(segment)->sealOrder();
    if (order == nullptr) {
      arguments.refuse("segment", "a sealed segment, or a frozen one with a seal image");
      return arguments.raise();
    }
  }
  const uint32_t entryCount = entriesThrough(segment->deletes, through);
  if (entryCount == segment->imagedEntryCount.load(std::memory_order_relaxed))
    return info.Env().Null();
  segment->imagedEntryCount.store(entryCount, std::memory_order_relaxed);
  return fromBytes(info.Env(), writeDeleteImage(segment->deletes, entryCount, segment->rowCount(),
                                                order == nullptr ? nullptr : &order->sealedRow));
}

Napi::Value segmentStats(const Napi::CallbackInfo& info) {
  static const char* const stateNames[] = {"growing", "frozen", "sealed"};
  Arguments arguments(info);
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(0);
  if (!arguments.ok()) return arguments.raise();
  Napi::Env env = info.Env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("segmentId", fromCount(env, segment->id()));
  object.Set("partitionId", fromCount(env, segment->partitionId()));
  object.Set("state", Napi::String::New(env, stateNames[static_cast<size_t>(segment->state())]));
  object.Set("rowCount", fromCount(env, segment->rowCount()));
  object.Set("deletedCount", fromCount(env, segment->deletes.deletedCount()));
  object.Set("sizeBytes", fromCount(env, segment->memoryBytes()));
  object.Set("indexedFieldIds", fromIds(env, segment->indexedFields()));
  return object;
}

Napi::Value releaseSegment(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(0);
  if (!arguments.ok()) return arguments.raise();
  Registry::instance().take<Segment>(arguments.count(0, "segment", Arguments::handleMax));
  return info.Env().Undefined();
}

Napi::Value attachIndex(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(0);
  const uint32_t fieldId = static_cast<uint32_t>(arguments.count(1, "fieldId", UINT32_MAX));
  const std::shared_ptr<ByteSource> source =
      arguments.sourceOf(info[2], "source", MemoryClass::index);
  std::shared_ptr<VectorIndex> index;
  if (arguments.ok()) {
    arguments.refuse(openGraphIndex(source->data(), source->size(), source, index));
  }
  if (arguments.ok() && index->rowCount() != segment->rowCount()) {
    arguments.refuse(Status(ErrorKind::corrupt, "corrupt",
                            "index of " + std::to_string(index->rowCount()) + " rows for segment " +
                                std::to_string(segment->id()) + " of " +
                                std::to_string(segment->rowCount())));
  }
  if (arguments.ok() && segment->state() != SegmentState::sealed) {
    arguments.refuse("segment", "a sealed segment");
  }
  const Field* const field = arguments.ok() ? segment->schema().byId(fieldId) : nullptr;
  if (arguments.ok() &&
      (field == nullptr || !isVector(field->type) || field->dim != index->dim())) {
    arguments.refuse("fieldId", "a vector field of the index's dimension");
  }
  if (!arguments.ok()) return arguments.raise();
  segment->attachIndex(fieldId, std::move(index));
  std::static_pointer_cast<SealedSegment>(segment)->forgetVectorPages(fieldId);
  return info.Env().Undefined();
}

Napi::Value releaseBytes(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  arguments.bytes(0, "bytes");
  if (!arguments.ok()) return arguments.raise();
  const Napi::ArrayBuffer buffer = info[0].As<Napi::TypedArray>().ArrayBuffer();
  bool detached = false;
  if (napi_is_detached_arraybuffer(info.Env(), buffer, &detached) == napi_ok && !detached) {
    napi_detach_arraybuffer(info.Env(), buffer);
  }
  return info.Env().Undefined();
}

Napi::Value detachIndex(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<Segment> segment = arguments.handle<Segment>(0);
  const uint32_t fieldId = static_cast<uint32_t>(arguments.count(1, "fieldId", UINT32_MAX));
  if (!arguments.ok()) return arguments.raise();
  segment->detachIndex(fieldId);
  return info.Env().Undefined();
}

}  // namespace dipper::bridge
