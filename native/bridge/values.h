// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// JavaScript values in and out. Arguments are read one by one; the first that does not fit is
// remembered and thrown at the end, so that a function reads all it needs and asks once. Absent
// is null, never undefined. Typed arrays may lie over SharedArrayBuffers.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/alloc.h"
#include "base/status.h"
#include "bridge/registry.h"
#include "search/keys.h"
#include "segment/source.h"

namespace dipper::bridge {

/** Bytes of a typed array, good while its JavaScript value is reachable. */
struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;
  bool present = false;
};

/** An Error with code, field, expected, received, as native/index.ts expects it. */
Napi::Error makeError(Napi::Env env, const Status& status);
/** Throws it; returns undefined for the caller to return. */
Napi::Value raise(Napi::Env env, const Status& status);

class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  Napi::Env env() const { return info_.Env(); }
  const Napi::CallbackInfo& info() const { return info_; }
  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }
  Napi::Value raise() const { return bridge::raise(info_.Env(), status_); }
  void refuse(const char* name, const char* expected);
  void refuse(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }

  /** A whole number in [0, max]. */
  uint64_t count(size_t position, const char* name, uint64_t max) {
    return countOf(info_[position], name, max);
  }
  bool flag(size_t position, const char* name);
  std::string text(size_t position, const char* name);
  uint64_t stamp(size_t position, const char* name);    // bigint
  int64_t number64(size_t position, const char* name);  // bigint
  Bytes bytes(size_t position, const char* name) { return bytesOf(info_[position], name); }
  Bytes optionalBytes(size_t position, const char* name);
  /** A Float64Array of whole numbers below 2^53. */
  std::vector<uint64_t> wholeNumbers(size_t position, const char* name);
  std::vector<uint32_t> fieldIds(size_t position, const char* name);
  Napi::Object object(size_t position, const char* name);
  /** PrimaryKeys of face.ts. */
  bool keys(size_t position, const char* name, PrimaryKeys& out);

  template <typename T>
  std::shared_ptr<T> handle(size_t position) {
    const char* const name = handleKindName(HandleTraits<T>::kind);
    const uint64_t number = count(position, name, handleMax);
    std::shared_ptr<T> found = ok() ? Registry::instance().get<T>(number) : nullptr;
    if (found == nullptr) refuseHandle(name, number);
    return found;
  }
  /** 0 stands for none. */
  std::shared_ptr<CancelFlag> cancel(size_t position);

  // Members of objects.
  uint64_t countOf(const Napi::Value& value, const char* name, uint64_t max);
  Bytes bytesOf(const Napi::Value& value, const char* name);
  /** A NativeSource: mapped or copied into `kind`. */
  std::shared_ptr<ByteSource> sourceOf(const Napi::Value& value, const char* name,
                                       MemoryClass kind);

  static constexpr uint64_t handleMax = (uint64_t{1} << 53) - 1;

 private:
  void refuseHandle(const char* name, uint64_t handle);
  bool typedArray(const Napi::Value& value, napi_typedarray_type wanted, void*& data,
                  size_t& length);

  const Napi::CallbackInfo& info_;
  Status status_;
};

Napi::Value fromBlock(Napi::Env env, Block block);
Napi::Value fromBytes(Napi::Env env, const std::vector<uint8_t>& bytes);
Napi::Value fromNumbers(Napi::Env env, const std::vector<double>& numbers);
Napi::Value fromIds(Napi::Env env, const std::vector<uint32_t>& ids);
Napi::Value fromFloats(Napi::Env env, const std::vector<float>& values);
Napi::Value fromKeys(Napi::Env env, const PrimaryKeys& keys);
inline Napi::Value fromCount(Napi::Env env, uint64_t count) {
  return Napi::Number::New(env, static_cast<double>(count));
}
inline Napi::Value fromStamp(Napi::Env env, uint64_t stamp) {
  return Napi::BigInt::New(env, stamp);
}

}  // namespace dipper::bridge
