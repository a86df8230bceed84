// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Face, part two: schemas and the insert scanner. Parts are written straight into the buffers
// that the caller allocates, after everything was checked.
#include "bridge/functions.h"
#include "bridge/values.h"

namespace dipper::bridge {

Napi::Value compileSchema(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string json = arguments.text(0, "json");
  const uint64_t epoch = arguments.count(1, "ownerEpoch", Arguments::handleMax);
  std::shared_ptr<const Schema> schema;
  if (arguments.ok()) arguments.refuse(Schema::compile(json, schema));
  if (!arguments.ok()) return arguments.raise();
  return fromCount(info.Env(), Registry::instance().add<const Schema>(std::move(schema), epoch));
}

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
        keys.isText ? hashKey(std::string_view(keys.bytes).substr(keys.offsets[i], keys.offsets[i + 1] - keys.offsets[i]))
                    : hashKey(keys.numbers[i]);
    shards[i] = shardOfHash(hash, static_cast<uint32_t>(shardCount));
  }
  return fromIds(info.Env(), shards);
}

}  // namespace dipper::bridge
