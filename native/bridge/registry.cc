// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The handle table. Objects are let go outside the lock: freeing a segment takes long.
#include "bridge/registry.h"

#include <unistd.h>

#include <vector>

namespace dipper::bridge {

FileLock::~FileLock() { close(file_); }

const char* handleKindName(HandleKind kind) {
  static const char* const names[] = {"schema",      "shard", "segment", "clock",
                                      "cancel flag", "lock",  "pin"};
  return names[static_cast<size_t>(kind)];
}

Registry& Registry::instance() {
  static Registry* const registry = new Registry();
  return *registry;
}

uint64_t Registry::addEntry(HandleKind kind, std::shared_ptr<void> object, uint64_t ownerEpoch) {
  std::lock_guard lock(mutex_);
  entries_.emplace(++last_, Entry{kind, ownerEpoch, std::move(object)});
  return last_;
}

std::shared_ptr<void> Registry::find(HandleKind kind, uint64_t handle, bool remove) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(handle);
  if (found == entries_.end() || found->second.kind != kind) return nullptr;
  if (!remove) return found->second.object;
  std::shared_ptr<void> object = std::move(found->second.object);
  entries_.erase(found);
  return object;
}

uint64_t Registry::ownerOf(uint64_t handle) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(handle);
  return found == entries_.end() ? 0 : found->second.ownerEpoch;
}

void Registry::releaseOwner(uint64_t ownerEpoch) {
  std::vector<std::shared_ptr<void>> released;
  std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->second.ownerEpoch != ownerEpoch) {
      ++at;
      continue;
    }
    released.push_back(std::move(at->second.object));
    at = entries_.erase(at);
  }
}

}  // namespace dipper::bridge
