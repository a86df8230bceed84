// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// RowBatch for C++: the twin of src/model/row-batch.ts, which holds the page of the layout. The
// view checks every offset and length before anything else looks at the bytes; the layout plans
// a batch so that its writer fills the regions in place, without a copy.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "segment/schema.h"

namespace dipper {

constexpr uint64_t regionAlignment = 64;
constexpr uint64_t rowBatchBytesMax = uint64_t{1} << 31;

inline uint64_t alignUp(uint64_t sizeBytes) {
  return (sizeBytes + regionAlignment - 1) / regionAlignment * regionAlignment;
}

/** True for the numbers of DataType but none. */
bool isDataType(uint8_t number);
/** Milvus's name, for error texts: 'Int64', 'VarChar', ... */
const char* dataTypeName(DataType type);
inline bool isVector(DataType type) { return static_cast<uint8_t>(type) >= 100; }

inline bool bitAt(const uint8_t* bits, uint64_t row) { return (bits[row >> 3] >> (row & 7)) & 1; }

/** One column as pointers into checked bytes. */
struct BatchColumn {
  uint32_t fieldId = 0;
  DataType type = DataType::none;
  DataType elementType = DataType::none;
  uint32_t dim = 0;
  uint32_t nullCount = 0;
  const uint8_t* validity = nullptr;
  const uint32_t* offsets = nullptr;
  const uint8_t* data = nullptr;
  uint64_t dataBytes = 0;

  bool present(uint64_t row) const { return validity == nullptr || bitAt(validity, row); }
  std::string_view text(uint64_t row) const {
    return {reinterpret_cast<const char*>(data) + offsets[row], offsets[row + 1] - offsets[row]};
  }
};

class RowBatchView {
 public:
  /** bytes must be 8-byte aligned and outlive the view. Code 'corrupt' when they are no batch. */
  static Status parse(const uint8_t* bytes, size_t sizeBytes, RowBatchView& out);

  uint32_t rowCount() const { return rowCount_; }
  uint64_t totalBytes() const { return totalBytes_; }
  const std::vector<BatchColumn>& columns() const { return columns_; }
  const BatchColumn* find(uint32_t fieldId) const;

 private:
  Status readColumn(const uint8_t* bytes, uint32_t position);

  uint32_t rowCount_ = 0;
  uint64_t totalBytes_ = 0;
  std::vector<BatchColumn> columns_;
};

/** What a column of a batch to be written needs. */
struct ColumnPlan {
  uint32_t fieldId = 0;
  DataType type = DataType::none;
  DataType elementType = DataType::none;
  uint32_t dim = 0;
  uint32_t nullCount = 0;  // > 0 gives it a validity region
  uint64_t dataBytes = 0;  // variable width only; fixed width follows from the row count

  static ColumnPlan of(const Field& field) {
    return {field.id, field.type, field.elementType, field.dim, 0, 0};
  }
};

/** Places the regions of a batch; columns must ascend by field id. */
class RowBatchLayout {
 public:
  RowBatchLayout(uint32_t rowCount, std::vector<ColumnPlan> columns);

  uint64_t totalBytes() const { return totalBytes_; }
  const std::vector<ColumnPlan>& columns() const { return columns_; }
  /** Header, directory and every gap between regions; regions themselves are the caller's. */
  void writeFrame(uint8_t* target) const;
  /** Null when the column has no such region. */
  uint8_t* validity(uint8_t* target, size_t column) const;
  uint32_t* offsets(uint8_t* target, size_t column) const;
  uint8_t* data(uint8_t* target, size_t column) const;

 private:
  struct Place {
    uint64_t validityAt = 0;
    uint64_t offsetsAt = 0;
    uint64_t dataAt = 0;
    uint64_t dataBytes = 0;
  };
  void zeroTail(uint8_t* target, uint64_t from, uint64_t sizeBytes) const;

  uint32_t rowCount_;
  uint64_t totalBytes_ = 0;
  std::vector<ColumnPlan> columns_;
  std::vector<Place> places_;
};

}  // namespace dipper
