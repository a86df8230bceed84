// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// From the columns that came to all columns of the schema, each value checked. Errors name the
// field, what was expected and what came.
#include <algorithm>
#include <cstring>

#include "scan/scan.h"
#include "scan/text-check.h"

namespace dipper {
namespace {

constexpr size_t jsonBytesMax = 65536;
constexpr uint32_t requestRowsMax = 1u << 27;

Status atRow(Status status, uint32_t row) {
  status.received += " in row " + std::to_string(row);
  return Status(invalidField(status.code(), status.field, status.expected, status.received));
}

/** All exponent bits set means NaN or infinity; the loop has no branch, so it is vectorised. */
template <typename Word>
bool allFinite(const uint8_t* values, uint64_t count, Word exponent) {
  bool finite = true;
  for (uint64_t i = 0; i < count; i++) {
    Word bits;
    std::memcpy(&bits, values + sizeof bits * i, sizeof bits);
    finite &= (bits & exponent) != exponent;
  }
  return finite;
}

Status checkNumbers(const InputColumn& column) {
  const Field& field = *column.field;
  const uint64_t words = column.constant ? 0 : column.valueCount * column.width;
  bool finite = true;
  if (field.type == DataType::float64) {
    finite = allFinite<uint64_t>(column.values, words / 8, 0x7ff0000000000000);
  } else if (field.type == DataType::float32 || field.type == DataType::floatVector) {
    finite = allFinite<uint32_t>(column.values, words / 4, 0x7f800000);
  } else if (field.type == DataType::boolean) {
    for (uint64_t i = 0; i < words; i++) {
      if (column.values[i] > 1)
        return invalidField("value-range", field.name, "0 or 1", std::to_string(column.values[i]));
    }
  }
  return finite ? Status()
                : invalidField("value-nan", field.name, "finite numbers", "NaN or infinity");
}

Status checkText(const Field& field, std::string_view text) {
  if (field.type == DataType::varchar && text.size() > field.maxLength) {
    return invalidField("value-length", field.name,
                        "at most " + std::to_string(field.maxLength) + " bytes",
                        std::to_string(text.size()) + " bytes");
  }
  if (field.type == DataType::json && text.size() > jsonBytesMax) {
    return invalidField("value-json", field.name,
                        "at most " + std::to_string(jsonBytesMax) + " bytes",
                        std::to_string(text.size()) + " bytes");
  }
  if (!isUtf8(text)) return invalidField("value-utf8", field.name, "UTF-8", "other bytes");
  if (field.type != DataType::json) return Status();
  const JsonKind kind = checkJson(text);
  if (kind == JsonKind::invalid)
    return invalidField("value-json", field.name, "JSON", "other text");
  if (field.dynamic && kind != JsonKind::object) {
    return invalidField("value-json", field.name, "a JSON object", "another JSON value");
  }
  return Status();
}

Status checkTexts(const InputColumn& column) {
  if (column.constant) return Status();
  for (uint32_t row = 0; row < column.rowCount; row++) {
    if (!column.isPresent(row)) continue;
    Status status = checkText(*column.field, column.value(row));
    if (!status.ok()) return atRow(std::move(status), row);
  }
  return Status();
}

/** Rows that came as null get the field's default, where it has one. */
void fillDefaults(InputColumn& column) {
  const Field& field = *column.field;
  if (column.present.empty() || !field.hasDefault) return;
  if (column.width == 0) {
    std::vector<std::string_view> texts;
    for (uint32_t row = 0; row < column.rowCount; row++) {
      texts.push_back(column.isPresent(row) ? column.value(row)
                                            : std::string_view(field.defaultValue));
    }
    column.texts = std::move(texts);
  } else {
    std::vector<uint8_t> values;
    for (uint32_t row = 0; row < column.rowCount; row++) {
      const std::string_view value = column.isPresent(row) ? column.value(row) : field.defaultValue;
      values.insert(values.end(), value.begin(), value.end());
    }
    column.owned = std::move(values);
    column.values = column.owned.data();
  }
  column.present.clear();
  column.valueOfRow.clear();
  column.valueCount = column.rowCount;
}

InputColumn makeAutoIds(const Field& field, int64_t firstAutoId, uint32_t rowCount) {
  InputColumn column;
  column.field = &field;
  column.rowCount = rowCount;
  column.valueCount = rowCount;
  if (field.type == DataType::int64) {
    column.width = 8;
    column.owned.resize(size_t{8} * rowCount);
    for (uint32_t row = 0; row < rowCount; row++) {
      const int64_t id = firstAutoId + row;
      std::memcpy(column.owned.data() + size_t{8} * row, &id, 8);
    }
    column.values = column.owned.data();
    return column;
  }
  column.ownedTexts.reserve(rowCount);
  for (uint32_t row = 0; row < rowCount; row++) {
    column.texts.push_back(column.ownedTexts.emplace_back(std::to_string(firstAutoId + row)));
  }
  return column;
}

Status makeMissing(const Field& field, int64_t firstAutoId, uint32_t rowCount,
                   InputColumn& column) {
  column.field = &field;
  column.rowCount = rowCount;
  column.width = fixedWidth(field.type, field.dim);
  if (field.primaryKey && field.autoId) {
    column = makeAutoIds(field, firstAutoId, rowCount);
  } else if (field.dynamic || field.hasDefault) {
    column.constant = true;
    const std::string_view value =
        field.dynamic ? std::string_view("{}") : std::string_view(field.defaultValue);
    if (column.width == 0) {
      column.texts = {value};
    } else {
      column.values = reinterpret_cast<const uint8_t*>(value.data());
    }
  } else if (field.nullable) {
    column.present.assign(rowCount, 0);
  } else {
    return invalidField("field-missing", field.name, dataTypeName(field.type), "no column");
  }
  return Status();
}

/** Order of fields, nothing twice, no keys where they are given out here. */
Status checkColumns(InputTable& table) {
  std::sort(table.columns.begin(), table.columns.end(),
            [](const InputColumn& a, const InputColumn& b) { return a.field->id < b.field->id; });
  for (size_t i = 0; i < table.columns.size(); i++) {
    const Field& field = *table.columns[i].field;
    if (i > 0 && table.columns[i - 1].field == &field) {
      return invalidField("parameter-invalid", field.name, "one column", "several");
    }
    if (field.primaryKey && field.autoId) {
      return invalidField("parameter-invalid", field.name, "no keys, since they are generated",
                          "a column of keys");
    }
  }
  return Status();
}

}  // namespace

Status completeTable(const Schema& schema, int64_t firstAutoId, InputTable& table) {
  if (table.rowCount == 0) return invalidField("parameter-invalid", "num_rows", "at least 1", "0");
  if (table.rowCount > requestRowsMax) {
    return invalidField("request-too-large", "num_rows",
                        "at most " + std::to_string(requestRowsMax),
                        std::to_string(table.rowCount));
  }
  Status status = checkColumns(table);
  if (!status.ok()) return status;
  std::vector<InputColumn> complete;
  size_t given = 0;
  for (const Field& field : schema.fields()) {
    InputColumn column;
    if (given < table.columns.size() && table.columns[given].field == &field) {
      column = std::move(table.columns[given++]);
      status = column.width > 0 ? checkNumbers(column) : checkTexts(column);
      if (status.ok()) fillDefaults(column);
    } else {
      status = makeMissing(field, firstAutoId, table.rowCount, column);
    }
    if (!status.ok()) return status;
    complete.push_back(std::move(column));
  }
  table.columns = std::move(complete);
  return status;
}

}  // namespace dipper
