// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Checks and conversions at the border. Large results are handed over as external memory that
// JavaScript's collector frees; small ones are copied, which is cheaper than a finalizer.
#include "bridge/values.h"

#include <cmath>
#include <cstring>

namespace dipper::bridge {
namespace {

constexpr size_t externalMinBytes = 64 * 1024;

void setText(Napi::Env env, Napi::Object target, const char* name, const std::string& text) {
  target.Set(name, text.empty() ? env.Null() : Napi::String::New(env, text));
}

template <typename T>
Napi::TypedArrayOf<T> copyOut(Napi::Env env, const T* values, size_t count) {
  auto array = Napi::TypedArrayOf<T>::New(env, count);
  if (count > 0) std::memcpy(array.Data(), values, count * sizeof(T));
  return array;
}

}  // namespace

Napi::Error makeError(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, status.message());
  // The accountant has one word for its refusals, whoever asked.
  const bool refused = status.kind() == ErrorKind::memory;
  setText(env, error.Value(), "code", refused ? "memory-limit" : status.code());
  setText(env, error.Value(), "field", status.field);
  setText(env, error.Value(), "expected", status.expected);
  setText(env, error.Value(), "received", status.received);
  return error;
}

Napi::Value raise(Napi::Env env, const Status& status) {
  if (!env.IsExceptionPending()) makeError(env, status).ThrowAsJavaScriptException();
  return env.Undefined();
}

void Arguments::refuse(const char* name, const char* expected) {
  refuse(invalidField("parameter-invalid", name, expected, "something else"));
}

void Arguments::refuseHandle(const char* name, uint64_t handle) {
  refuse(Status(ErrorKind::missing, "closed",
                std::string(name) + " " + std::to_string(handle) + " is not open"));
}

uint64_t Arguments::countOf(const Napi::Value& value, const char* name, uint64_t max) {
  double number = -1;
  if (napi_get_value_double(env(), value, &number) == napi_ok && number >= 0 &&
      number <= static_cast<double>(max) && std::floor(number) == number) {
    return static_cast<uint64_t>(number);
  }
  refuse(invalidField("parameter-invalid", name, "a whole number up to " + std::to_string(max),
                      value.IsNumber() ? std::to_string(number) : "another type"));
  return 0;
}

bool Arguments::flag(size_t position, const char* name) {
  bool value = false;
  if (napi_get_value_bool(env(), info_[position], &value) != napi_ok) refuse(name, "a boolean");
  return value;
}

std::string Arguments::text(size_t position, const char* name) {
  if (info_[position].IsString()) return info_[position].As<Napi::String>().Utf8Value();
  refuse(name, "a string");
  return {};
}

uint64_t Arguments::stamp(size_t position, const char* name) {
  uint64_t value = 0;
  bool lossless = false;
  const napi_status read = napi_get_value_bigint_uint64(env(), info_[position], &value, &lossless);
  if (read != napi_ok || !lossless) refuse(name, "an unsigned 64-bit bigint");
  return value;
}

int64_t Arguments::number64(size_t position, const char* name) {
  int64_t value = 0;
  bool lossless = false;
  const napi_status read = napi_get_value_bigint_int64(env(), info_[position], &value, &lossless);
  if (read != napi_ok || !lossless) refuse(name, "a signed 64-bit bigint");
  return value;
}

bool Arguments::typedArray(const Napi::Value& value, napi_typedarray_type wanted, void*& data,
                           size_t& length) {
  bool isTyped = false;
  napi_typedarray_type type = napi_int8_array;
  napi_value buffer = nullptr;
  size_t offset = 0;
  napi_is_typedarray(env(), value, &isTyped);
  return isTyped &&
         napi_get_typedarray_info(env(), value, &type, &length, &data, &buffer, &offset) ==
             napi_ok &&
         type == wanted;
}

Bytes Arguments::bytesOf(const Napi::Value& value, const char* name) {
  void* data = nullptr;
  size_t length = 0;
  if (typedArray(value, napi_uint8_array, data, length)) {
    return {static_cast<uint8_t*>(data), length, true};
  }
  refuse(name, "a Uint8Array");
  return {};
}

Bytes Arguments::optionalBytes(size_t position, const char* name) {
  return info_[position].IsNull() ? Bytes() : bytesOf(info_[position], name);
}

std::vector<uint64_t> Arguments::wholeNumbers(size_t position, const char* name) {
  void* data = nullptr;
  size_t length = 0;
  if (!typedArray(info_[position], napi_float64_array, data, length)) {
    refuse(name, "a Float64Array");
    return {};
  }
  std::vector<uint64_t> numbers;
  for (size_t i = 0; i < length; i++) {
    const double number = static_cast<const double*>(data)[i];
    if (!(number >= 0 && number <= static_cast<double>(handleMax) &&
          std::floor(number) == number)) {
      refuse(name, "whole numbers below 2^53");
      return {};
    }
    numbers.push_back(static_cast<uint64_t>(number));
  }
  return numbers;
}

std::vector<uint32_t> Arguments::fieldIds(size_t position, const char* name) {
  void* data = nullptr;
  size_t length = 0;
  if (!typedArray(info_[position], napi_uint32_array, data, length)) {
    refuse(name, "a Uint32Array");
    return {};
  }
  const uint32_t* const ids = static_cast<const uint32_t*>(data);
  std::vector<uint32_t> sorted(ids, ids + length);
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

Napi::Object Arguments::object(size_t position, const char* name) {
  if (info_[position].IsObject()) return info_[position].As<Napi::Object>();
  refuse(name, "an object");
  return Napi::Object::New(env());
}

bool Arguments::keys(size_t position, const char* name, PrimaryKeys& out) {
  const Napi::Object keys = object(position, name);
  void* data = nullptr;
  size_t length = 0;
  const Napi::Value kind = keys.Get("kind");
  out.isText = kind.IsString() && kind.As<Napi::String>().Utf8Value() == "varchar";
  if (!out.isText) {
    if (!typedArray(keys.Get("values"), napi_bigint64_array, data, length))
      refuse(name, "int64 keys");
    if (ok())
      out.numbers.assign(static_cast<const int64_t*>(data),
                         static_cast<const int64_t*>(data) + length);
    return ok();
  }
  const Bytes bytes = bytesOf(keys.Get("bytes"), name);
  if (!typedArray(keys.Get("offsets"), napi_uint32_array, data, length) || length == 0) {
    refuse(name, "offsets of the keys");
  }
  if (!ok()) return false;
  out.offsets.assign(static_cast<const uint32_t*>(data),
                     static_cast<const uint32_t*>(data) + length);
  out.bytes.assign(reinterpret_cast<const char*>(bytes.data), bytes.size);
  const bool fits = out.offsets.front() == 0 && out.offsets.back() <= bytes.size &&
                    std::is_sorted(out.offsets.begin(), out.offsets.end());
  if (!fits) refuse(name, "ascending offsets inside the bytes");
  return fits;
}

std::shared_ptr<CancelFlag> Arguments::cancel(size_t position) {
  return info_[position].IsNumber() && info_[position].As<Napi::Number>().DoubleValue() == 0
             ? nullptr
             : handle<CancelFlag>(position);
}

std::shared_ptr<ByteSource> Arguments::sourceOf(const Napi::Value& value, const char* name,
                                                MemoryClass kind) {
  std::shared_ptr<ByteSource> source;
  if (!value.IsObject()) {
    refuse(name, "a source");
    return source;
  }
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Value path = object.Get("path");
  if (path.IsString()) {
    const uint64_t offset = countOf(object.Get("offsetBytes"), name, handleMax);
    const uint64_t size = countOf(object.Get("sizeBytes"), name, handleMax);
    if (ok())
      refuse(ByteSource::map(path.As<Napi::String>().Utf8Value(), offset, size, kind, source));
  } else {
    const Bytes bytes = bytesOf(object.Get("bytes"), name);
    if (ok()) refuse(ByteSource::copy(bytes.data, bytes.size, kind, source));
  }
  return source;
}

Napi::Value fromBlock(Napi::Env env, Block block) {
  const size_t size = block.size();
  if (size < externalMinBytes) return copyOut<uint8_t>(env, block.data(), size);
  Block* const kept = new Block(std::move(block));
  const Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(
      env, kept->data(), size, [](Napi::Env, void*, Block* owned) { delete owned; }, kept);
  return Napi::Uint8Array::New(env, size, buffer, 0);
}

Napi::Value fromBytes(Napi::Env env, const std::vector<uint8_t>& bytes) {
  return copyOut<uint8_t>(env, bytes.data(), bytes.size());
}

Napi::Value fromNumbers(Napi::Env env, const std::vector<double>& numbers) {
  return copyOut<double>(env, numbers.data(), numbers.size());
}

Napi::Value fromIds(Napi::Env env, const std::vector<uint32_t>& ids) {
  return copyOut<uint32_t>(env, ids.data(), ids.size());
}

Napi::Value fromFloats(Napi::Env env, const std::vector<float>& values) {
  return copyOut<float>(env, values.data(), values.size());
}

Napi::Value fromKeys(Napi::Env env, const PrimaryKeys& keys) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", Napi::String::New(env, keys.isText ? "varchar" : "int64"));
  if (keys.isText) {
    object.Set("offsets", fromIds(env, keys.offsets));
    object.Set("bytes", copyOut<uint8_t>(env, reinterpret_cast<const uint8_t*>(keys.bytes.data()),
                                         keys.bytes.size()));
  } else {
    object.Set("values", copyOut<int64_t>(env, keys.numbers.data(), keys.numbers.size()));
  }
  return object;
}

}  // namespace dipper::bridge
