// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The collection schema as native code needs it, compiled once from the JSON that
// src/model/schema.ts writes. Type numbers are Milvus's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dipper {

enum class DataType : uint8_t {
  none = 0,
  boolean = 1,
  int8 = 2,
  int16 = 3,
  int32 = 4,
  int64 = 5,
  float32 = 10,
  float64 = 11,
  varchar = 21,
  array = 22,
  json = 23,
  binaryVector = 100,
  floatVector = 101,
  float16Vector = 102,
  bfloat16Vector = 103,
  sparseVector = 104,
  int8Vector = 105,
};

constexpr uint32_t rowIdFieldId = 0;
constexpr uint32_t timestampFieldId = 1;
constexpr uint32_t metaFieldId = 2;  // $meta, the dynamic field
constexpr uint32_t firstUserFieldId = 100;

/** Bytes a value takes in a RowBatch, 0 for variable width. */
size_t fixedWidth(DataType type, uint32_t dim);

struct Field {
  uint32_t id = 0;
  std::string name;
  DataType type = DataType::none;
  DataType elementType = DataType::none;
  uint32_t dim = 0;
  uint32_t maxLength = 0;    // bytes, varchar
  uint32_t maxCapacity = 0;  // elements, array
  bool primaryKey = false;
  bool autoId = false;
  bool nullable = false;
  bool partitionKey = false;
  bool dynamic = false;      // $meta itself
  bool hasDefault = false;
  std::string defaultValue;  // RowBatch bytes of one value
};

class Schema {
 public:
  /** json: what schemaToNativeJson() of src/model/schema.ts gives. */
  static Status compile(std::string_view json, std::shared_ptr<const Schema>& out);

  const std::vector<Field>& fields() const { return fields_; }  // ascending id; $meta included
  const Field* byId(uint32_t id) const;
  const Field* byName(std::string_view name) const;
  const Field& primaryKey() const { return fields_[primaryKey_]; }
  bool dynamic() const { return dynamic_; }
  uint32_t version() const { return version_; }

 private:
  std::vector<Field> fields_;
  size_t primaryKey_ = 0;
  bool dynamic_ = false;
  uint32_t version_ = 0;
};

}  // namespace dipper
