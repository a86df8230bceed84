// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Face, part one: what belongs to the process as a whole (memory, locks, pool, cancel flags) and
// the hybrid clock.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crc32c.h"
#include "bridge/functions.h"
#include "bridge/pool.h"
#include "bridge/values.h"
#include "kernels/kernels.h"

namespace dipper::bridge {
namespace {

constexpr size_t classCount = static_cast<size_t>(MemoryClass::count);
constexpr size_t ownerTextMax = 4096;

MemoryClass memoryClass(Arguments& arguments, size_t position) {
  return static_cast<MemoryClass>(arguments.count(position, "kind", classCount - 1));
}

std::string readOwner(int file) {
  char text[ownerTextMax];
  const ssize_t size = pread(file, text, sizeof text, 0);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

Status diskError(const std::string& path) {
  return Status(ErrorKind::internal, errno == ENOSPC ? "disk-full" : "disk-error",
                path + ": " + std::strerror(errno));
}

}  // namespace

Napi::Value simdLevel(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), simdLevelName(kernels().level));
}

Napi::Value crc32cOf(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const Bytes bytes = arguments.bytes(0, "bytes");
  const uint64_t seed = arguments.count(1, "seed", UINT32_MAX);
  if (!arguments.ok()) return arguments.raise();
  return fromCount(info.Env(), crc32c(bytes.data, bytes.size, static_cast<uint32_t>(seed)));
}

Napi::Value memoryUseOf(const Napi::CallbackInfo& info) {
  const MemoryUse use = memoryUse();
  std::vector<double> numbers;
  for (size_t i = 0; i < classCount; i++) {
    numbers.push_back(static_cast<double>(use.usedBytes[i]));
    numbers.push_back(static_cast<double>(use.budgetBytes[i]));
    numbers.push_back(static_cast<double>(use.peakBytes[i]));
  }
  return fromNumbers(info.Env(), numbers);
}

Napi::Value setBudget(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const MemoryClass kind = memoryClass(arguments, 0);
  const uint64_t budget = arguments.count(1, "budgetBytes", Arguments::handleMax);
  if (!arguments.ok()) return arguments.raise();
  setMemoryBudget(kind, budget);
  return info.Env().Undefined();
}

Napi::Value reserve(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const MemoryClass kind = memoryClass(arguments, 0);
  const uint64_t size = arguments.count(1, "sizeBytes", Arguments::handleMax);
  if (!arguments.ok()) return arguments.raise();
  return Napi::Boolean::New(info.Env(), reserveMemory(kind, size));
}

Napi::Value release(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const MemoryClass kind = memoryClass(arguments, 0);
  const uint64_t size = arguments.count(1, "sizeBytes", Arguments::handleMax);
  if (arguments.ok() && size > memoryUse().usedBytes[static_cast<size_t>(kind)]) {
    arguments.refuse("sizeBytes", "no more than is reserved");
  }
  if (!arguments.ok()) return arguments.raise();
  releaseMemory(kind, size);
  return info.Env().Undefined();
}

Napi::Value lockFile(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.text(0, "path");
  const std::string owner = arguments.text(1, "owner");
  if (!arguments.ok()) return arguments.raise();
  Napi::Env env = info.Env();
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return raise(env, diskError(path));
  auto lock = std::make_shared<FileLock>(file);
  Napi::Object answer = Napi::Object::New(env);
  answer.Set("lock", env.Null());
  answer.Set("heldBy", env.Null());
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return raise(env, diskError(path));
    answer.Set("heldBy", Napi::String::New(env, readOwner(file)));
    return answer;
  }
  const size_t size = std::min(owner.size(), ownerTextMax);
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, owner.data(), size, 0) != static_cast<ssize_t>(size)) {
    return raise(env, diskError(path));
  }
  answer.Set("lock", fromCount(env, Registry::instance().add<FileLock>(std::move(lock), 0)));
  return answer;
}

Napi::Value unlockFile(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<FileLock> lock = arguments.handle<FileLock>(0);
  if (!arguments.ok()) return arguments.raise();
  Registry::instance().take<FileLock>(arguments.count(0, "lock", Arguments::handleMax));
  return info.Env().Undefined();
}

Napi::Value startPoolOf(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const uint64_t threadCount = arguments.count(0, "threadCount", 1024);
  if (arguments.ok()) arguments.refuse(startPool(static_cast<uint32_t>(threadCount)));
  return arguments.ok() ? info.Env().Undefined() : arguments.raise();
}

Napi::Value trimMemoryOf(const Napi::CallbackInfo& info) {
  trimMemory();
  return info.Env().Undefined();
}

Napi::Value releaseOwner(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const uint64_t epoch = arguments.count(0, "ownerEpoch", Arguments::handleMax);
  // Epoch 0 marks what belongs to the process: locks, cancel flags.
  if (epoch == 0) arguments.refuse("ownerEpoch", "an epoch from 1");
  if (!arguments.ok()) return arguments.raise();
  Registry::instance().releaseOwner(epoch);
  return info.Env().Undefined();
}

Napi::Value createCancel(const Napi::CallbackInfo& info) {
  return fromCount(info.Env(), Registry::instance().add(std::make_shared<CancelFlag>(), 0));
}

Napi::Value raiseCancel(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<CancelFlag> flag = arguments.handle<CancelFlag>(0);
  if (!arguments.ok()) return arguments.raise();
  flag->raise();
  return info.Env().Undefined();
}

Napi::Value releaseCancel(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<CancelFlag> flag = arguments.handle<CancelFlag>(0);
  if (!arguments.ok()) return arguments.raise();
  Registry::instance().take<CancelFlag>(arguments.count(0, "cancel", Arguments::handleMax));
  return info.Env().Undefined();
}

Napi::Value createClock(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const uint64_t epoch = arguments.count(0, "ownerEpoch", Arguments::handleMax);
  if (!arguments.ok()) return arguments.raise();
  return fromCount(info.Env(), Registry::instance().add(std::make_shared<HybridClock>(), epoch));
}

Napi::Value clockNext(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<HybridClock> clock = arguments.handle<HybridClock>(0);
  const uint64_t physicalMs = arguments.count(1, "physicalMs", physicalMsMax);
  if (!arguments.ok()) return arguments.raise();
  return fromStamp(info.Env(), clock->next(physicalMs));
}

Napi::Value clockObserve(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<HybridClock> clock = arguments.handle<HybridClock>(0);
  const uint64_t timestamp = arguments.stamp(1, "timestamp");
  if (timestamp >= timestampMax) arguments.refuse("timestamp", "a stamp below 2^63 - 1");
  if (!arguments.ok()) return arguments.raise();
  clock->observe(timestamp);
  return info.Env().Undefined();
}

Napi::Value clockLast(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<HybridClock> clock = arguments.handle<HybridClock>(0);
  if (!arguments.ok()) return arguments.raise();
  return fromStamp(info.Env(), clock->last());
}

}  // namespace dipper::bridge
