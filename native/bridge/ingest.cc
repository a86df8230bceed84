// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Face, part two: schemas and the insert scanner. Parts are written straight into the buffers
// that the caller allocates, after everything was checked.
#include "bridge/functions.h"
#include "bridge/values.h"
#include "scan/scan.h"

namespace dipper::bridge {
namespace {

using ReadTable = Status (*)(const Schema& schema, const Bytes& bytes, InputTable& table);

Status readRequest(const Schema& schema, const Bytes& bytes, InputTable& table) {
  return readInsertRequest(schema, {reinterpret_cast<const char*>(bytes.data), bytes.size}, table);
}

Status readBatch(const Schema& schema, const Bytes& bytes, InputTable& table) {
  return readBatchInput(schema, bytes.data, bytes.size, table);
}

/** Asks the caller for a part's buffer and writes it; false when an exception waits. */
bool writePart(Arguments& arguments, const ScanPlan& plan, size_t part, Napi::Array parts) {
  Napi::Env env = arguments.env();
  const ScannedPart& scanned = plan.parts()[part];
  const Napi::Value buffer =
      arguments.info()[6].As<Napi::Function>().Call({fromCount(env, scanned.sizeBytes)});
  if (env.IsExceptionPending()) return false;
  const Bytes target = arguments.bytesOf(buffer, "allocate");
  if (arguments.ok() && target.size != scanned.sizeBytes) {
    arguments.refuse("allocate", "a buffer of the asked size");
  }
  if (arguments.ok() && reinterpret_cast<uintptr_t>(target.data) % 8 != 0) {
    arguments.refuse("allocate", "a buffer at a multiple of 8 bytes");
  }
  if (!arguments.ok()) return false;
  plan.write(part, target.data);
  Napi::Object item = Napi::Object::New(env);
  item.Set("shardIndex", fromCount(env, scanned.shardIndex));
  item.Set("rowCount", fromCount(env, scanned.rowCount));
  item.Set("buffer", buffer);
  parts.Set(static_cast<uint32_t>(part), item);
  return true;
}

Napi::Value scan(const Napi::CallbackInfo& info, ReadTable read) {
  Arguments arguments(info);
  const std::shared_ptr<const Schema> schema = arguments.handle<const Schema>(0);
  const Bytes bytes = arguments.bytes(1, "bytes");
  ScanOptions options;
  options.partitionIds = arguments.wholeNumbers(2, "partitionIds");
  options.shardCount = static_cast<uint32_t>(arguments.count(3, "shardCount", 65536));
  options.firstAutoId = arguments.number64(4, "firstAutoId");
  options.headRoomBytes = arguments.count(5, "headRoomBytes", 65536);
  if (options.shardCount == 0) arguments.refuse("shardCount", "a number from 1");
  if (options.headRoomBytes % regionAlignment != 0)
    arguments.refuse("headRoomBytes", "a multiple of 64");
  if (!info[6].IsFunction()) arguments.refuse("allocate", "a function");
  InputTable table;
  ScanPlan plan;
  if (arguments.ok()) arguments.refuse(read(*schema, bytes, table));
  if (arguments.ok()) arguments.refuse(ScanPlan::make(*schema, std::move(table), options, plan));
  if (!arguments.ok()) return arguments.raise();
  Napi::Array parts = Napi::Array::New(info.Env());
  for (size_t part = 0; part < plan.parts().size(); part++) {
    if (!writePart(arguments, plan, part, parts)) return arguments.raise();
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("rowCount", fromCount(info.Env(), plan.rowCount()));
  result.Set("parts", parts);
  result.Set("keys", fromKeys(info.Env(), plan.keys()));
  return result;
}

}  // namespace

Napi::Value compileSchema(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string json = arguments.text(0, "json");
  const uint64_t epoch = arguments.count(1, "ownerEpoch", Arguments::handleMax);
  std::shared_ptr<const Schema> schema;
  if (arguments.ok()) arguments.refuse(Schema::compile(json, schema));
  if (!arguments.ok()) return arguments.raise();
  return fromCount(info.Env(), Registry::instance().add<const Schema>(std::move(schema), epoch));
}

Napi::Value scanInsertOf(const Napi::CallbackInfo& info) { return scan(info, readRequest); }
Napi::Value scanBatchOf(const Napi::CallbackInfo& info) { return scan(info, readBatch); }

Napi::Value shardsOfKeys(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  PrimaryKeys keys;
  arguments.keys(0, "keys", keys);
  const uint64_t shardCount = arguments.count(1, "shardCount", 65536);
  if (shardCount == 0) arguments.refuse("shardCount", "a number from 1");
  if (!arguments.ok()) return arguments.raise();
  std::vector<uint32_t> shards(keys.count());
  for (size_t i = 0; i < shards.size(); i++) {
    const uint64_t hash =
        keys.isText ? hashKey(std::string_view(keys.bytes)
                                  .substr(keys.offsets[i], keys.offsets[i + 1] - keys.offsets[i]))
                    : hashKey(keys.numbers[i]);
    shards[i] = shardOfHash(hash, static_cast<uint32_t>(shardCount));
  }
  return fromIds(info.Env(), shards);
}

}  // namespace dipper::bridge
