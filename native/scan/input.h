// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rows as they came, a column a field, before anything is checked but their shape: what a
// protobuf request and a row batch have in common. Values of fixed width are in RowBatch form
// (often still inside the request: vectors are never copied here), texts are views.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "segment/schema.h"

namespace dipper {

struct InputColumn {
  const Field* field = nullptr;
  uint32_t rowCount = 0;
  /** One value for all rows: a default, or what a missing dynamic column means. */
  bool constant = false;
  const uint8_t* values = nullptr;  // fixed width, packed; alignment is not promised
  std::vector<uint8_t> owned;       // what `values` points to when it was decoded
  std::vector<std::string_view> texts;
  std::vector<std::string> ownedTexts;
  uint64_t valueCount = 0;
  /** 1 = present, a byte a row; empty = all. */
  std::vector<uint8_t> present;
  /** Compact form: the value number of each row; empty = dense, row r has value r. */
  std::vector<uint32_t> valueOfRow;
  size_t width = 0;

  bool isPresent(uint32_t row) const { return present.empty() || present[row] != 0; }
  uint64_t position(uint32_t row) const {
    return constant ? 0 : valueOfRow.empty() ? row : valueOfRow[row];
  }
  /** The bytes of a present row's value. */
  std::string_view value(uint32_t row) const {
    const uint64_t at = position(row);
    if (width == 0) return texts[at];
    return {reinterpret_cast<const char*>(values) + width * at, width};
  }
};

struct InputTable {
  uint32_t rowCount = 0;
  std::vector<InputColumn> columns;
};

/** Reads a serialized milvus InsertRequest; its bytes must outlive the table. */
Status readInsertRequest(const Schema& schema, std::string_view request, InputTable& out);
/** Reads a row batch; its bytes must outlive the table. */
Status readBatchInput(const Schema& schema, const uint8_t* bytes, size_t sizeBytes,
                      InputTable& out);

/** `received` values where `expected` rows were announced, in Milvus's words. */
Status rowCountMismatch(const std::string& field, uint64_t received, uint64_t expected);
/**
 * Settles dense or compact form from the number of values and the validity, whose length is
 * checked too. A column without nulls drops its validity.
 */
Status settleRows(InputColumn& column, uint32_t rowCount);

}  // namespace dipper
