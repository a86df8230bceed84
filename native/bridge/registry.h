// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Native objects by number, for the whole process: JavaScript never holds a pointer, and a number
// is good in every thread. Owner of an entry: the epoch that it was created under; it ends with
// its release call or with releaseOwner(epoch). What it names lives on while a pin or a running
// call still holds it (shared_ptr). The registry itself is never destroyed: threads of the native
// pool may outlive static destruction.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/cancel.h"
#include "segment/shard.h"

namespace dipper::bridge {

/** A held flock; closing the file lets go of it. */
class FileLock {
 public:
  explicit FileLock(int file) : file_(file) {}
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int file_;
};

enum class HandleKind : uint8_t { schema, shard, segment, clock, cancel, lock, pin };

template <typename T>
struct HandleTraits;
template <>
struct HandleTraits<const Schema> {
  static constexpr HandleKind kind = HandleKind::schema;
};
template <>
struct HandleTraits<Shard> {
  static constexpr HandleKind kind = HandleKind::shard;
};
template <>
struct HandleTraits<Segment> {
  static constexpr HandleKind kind = HandleKind::segment;
};
template <>
struct HandleTraits<HybridClock> {
  static constexpr HandleKind kind = HandleKind::clock;
};
template <>
struct HandleTraits<CancelFlag> {
  static constexpr HandleKind kind = HandleKind::cancel;
};
template <>
struct HandleTraits<FileLock> {
  static constexpr HandleKind kind = HandleKind::lock;
};
template <>
struct HandleTraits<Pin> {
  static constexpr HandleKind kind = HandleKind::pin;
};

const char* handleKindName(HandleKind kind);

class Registry {
 public:
  static Registry& instance();

  template <typename T>
  uint64_t add(std::shared_ptr<T> object, uint64_t ownerEpoch) {
    using Plain = std::remove_const_t<T>;
    return addEntry(HandleTraits<T>::kind, std::const_pointer_cast<Plain>(std::move(object)),
                    ownerEpoch);
  }
  /** Null when the number names nothing of this kind. */
  template <typename T>
  std::shared_ptr<T> get(uint64_t handle) {
    return std::static_pointer_cast<T>(find(HandleTraits<T>::kind, handle, false));
  }
  template <typename T>
  std::shared_ptr<T> take(uint64_t handle) {
    return std::static_pointer_cast<T>(find(HandleTraits<T>::kind, handle, true));
  }
  /** 0 when the handle is not there. */
  uint64_t ownerOf(uint64_t handle);
  void releaseOwner(uint64_t ownerEpoch);

 private:
  struct Entry {
    HandleKind kind;
    uint64_t ownerEpoch;
    std::shared_ptr<void> object;
  };
  uint64_t addEntry(HandleKind kind, std::shared_ptr<void> object, uint64_t ownerEpoch);
  std::shared_ptr<void> find(HandleKind kind, uint64_t handle, bool remove);

  std::mutex mutex_;
  uint64_t last_ = 0;  // far below 2^53: a million a second would take three centuries
  std::unordered_map<uint64_t, Entry> entries_;
};

}  // namespace dipper::bridge
