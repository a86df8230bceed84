// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// How native code fails. Nothing below the bridge throws: every fallible function returns a
// Status, whose kind says what the caller can do and whose text names the field, what was
// expected and what came. The bridge turns it into a DbError; Milvus's numbers are not known here.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace dipper {

enum class ErrorKind : uint8_t {
  ok = 0,
  invalid = 1,    // the caller's input is wrong; repeating it will not help
  missing = 2,    // a named thing is not there
  memory = 3,     // the accountant refused; needed and free are in the text
  corrupt = 4,    // bytes on disk or on the wire fail their checks
  cancelled = 5,  // the cancel flag was raised or the deadline passed
  internal = 6,   // our own mistake
};

class Status {
 public:
  Status() = default;
  Status(ErrorKind kind, std::string code, std::string message)
      : kind_(kind), code_(std::move(code)), message_(std::move(message)) {}

  bool ok() const { return kind_ == ErrorKind::ok; }
  ErrorKind kind() const { return kind_; }
  /** A stable kebab-case word, as in DbError.code: 'vector-dimension', 'field-missing', ... */
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }

  // What a user error is about; empty where it does not apply.
  std::string field;
  std::string expected;
  std::string received;

 private:
  ErrorKind kind_ = ErrorKind::ok;
  std::string code_;
  std::string message_;
};

inline Status invalidField(std::string code, std::string field, std::string expected,
                           std::string received) {
  Status status(ErrorKind::invalid, std::move(code),
                "field " + field + ": expected " + expected + ", received " + received);
  status.field = std::move(field);
  status.expected = std::move(expected);
  status.received = std::move(received);
  return status;
}

}  // namespace dipper
