// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A serialized milvus.proto InsertRequest, walked by hand: a general decoder would turn every
// vector into a list of numbers first. One pass finds where each column's pieces lie; then each
// is decoded by the rule of its type. Field numbers are those of milvus.proto and schema.proto.
#include <cstring>

#include "scan/input.h"
#include "scan/wire.h"
#include "segment/row-batch.h"

namespace dipper {
namespace {

// milvus.proto InsertRequest
constexpr uint32_t requestFieldsData = 5;
constexpr uint32_t requestNumRows = 7;
// schema.proto FieldData
constexpr uint32_t dataType = 1;
constexpr uint32_t dataName = 2;
constexpr uint32_t dataScalars = 3;
constexpr uint32_t dataVectors = 4;
constexpr uint32_t dataIsDynamic = 6;
constexpr uint32_t dataValid = 7;
// schema.proto VectorField
constexpr uint32_t vectorDim = 1;

/** A FieldData message taken apart: the payload's kind is its number in the oneof. */
struct RawColumn {
  std::string_view name;
  uint64_t type = 0;
  bool isDynamic = false;
  bool isVector = false;
  uint32_t payloadKind = 0;
  uint64_t dim = 0;
  std::vector<std::string_view> payloads;
  std::vector<uint8_t> present;
};

Status malformed(const std::string& where) {
  return Status(ErrorKind::invalid, "request-malformed", where + " is not readable protobuf");
}

/** Reads numbers of one list, packed or not, from every piece; visit answers false to stop. */
template <typename Visit>
bool eachVarint(const WireField& field, const Visit& visit) {
  if (field.type == WireType::varint) return visit(field.value);
  if (field.type != WireType::bytes) return false;
  WireReader packed(field.bytes);
  uint64_t value = 0;
  while (packed.nextVarint(value)) {
    if (!visit(value)) return false;
  }
  return !packed.malformed();
}

bool readPayload(std::string_view message, bool isVector, RawColumn& out) {
  WireReader reader(message);
  WireField field;
  while (reader.next(field)) {
    if (isVector && field.number == vectorDim) {
      out.dim = field.value;
      continue;
    }
    if (field.type != WireType::bytes) continue;
    if (out.isVector != isVector || out.payloadKind != field.number) {
      out.payloads.clear();  // another member of the oneof: the last one counts
      out.isVector = isVector;
      out.payloadKind = field.number;
    }
    out.payloads.push_back(field.bytes);
  }
  return !reader.malformed();
}

bool readColumn(std::string_view message, RawColumn& out) {
  WireReader reader(message);
  WireField field;
  bool fits = true;
  while (fits && reader.next(field)) {
    const bool isBytes = field.type == WireType::bytes;
    if (field.number == dataType && field.type == WireType::varint) {
      out.type = field.value;
    } else if (field.number == dataName && isBytes) {
      out.name = field.bytes;
    } else if (field.number == dataScalars && isBytes) {
      fits = readPayload(field.bytes, false, out);
    } else if (field.number == dataVectors && isBytes) {
      fits = readPayload(field.bytes, true, out);
    } else if (field.number == dataIsDynamic && field.type == WireType::varint) {
      out.isDynamic = field.value != 0;
    } else if (field.number == dataValid) {
      fits = eachVarint(field, [&](uint64_t value) {
        out.present.push_back(value != 0 ? 1 : 0);
        return true;
      });
    }
  }
  return fits && !reader.malformed();
}

std::string typeName(uint64_t type) {
  return type < 256 && isDataType(static_cast<uint8_t>(type))
             ? dataTypeName(static_cast<DataType>(type))
             : "type " + std::to_string(type);
}

template <typename T>
void append(std::vector<uint8_t>& out, T value) {
  const size_t at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(out.data() + at, &value, sizeof value);
}

/** Shows every item of a list (field 1 of each payload) to visit, which answers false to stop. */
template <typename Visit>
Status eachItem(const RawColumn& raw, const InputColumn& column, const Visit& visit) {
  for (const std::string_view payload : raw.payloads) {
    WireReader reader(payload);
    WireField field;
    while (reader.next(field)) {
      if (field.number == 1 && !visit(field)) return malformed("field " + column.field->name);
    }
    if (reader.malformed()) return malformed("field " + column.field->name);
  }
  return Status();
}

/** Integers travel as varints; those of schema.proto's int32 lists count in their low 32 bits. */
template <typename T>
Status decodeVarints(const RawColumn& raw, InputColumn& column) {
  int64_t refused = 0;
  bool inRange = true;
  Status status = eachItem(raw, column, [&](const WireField& field) {
    return eachVarint(field, [&](uint64_t value) {
      const int64_t number =
          sizeof(T) == 8 ? static_cast<int64_t>(value) : static_cast<int32_t>(value);
      const T narrow = static_cast<T>(number);
      inRange = static_cast<int64_t>(narrow) == number;
      refused = number;
      if (inRange) append(column.owned, narrow);
      return inRange;
    });
  });
  if (!inRange) {
    return invalidField("value-range", column.field->name,
                        std::string("a value of ") + dataTypeName(column.field->type),
                        std::to_string(refused));
  }
  column.values = column.owned.data();
  column.valueCount = column.owned.size() / sizeof(T);
  return status;
}

Status decodeBooleans(const RawColumn& raw, InputColumn& column) {
  Status status = eachItem(raw, column, [&](const WireField& field) {
    return eachVarint(field, [&](uint64_t value) {
      column.owned.push_back(value != 0 ? 1 : 0);
      return true;
    });
  });
  column.values = column.owned.data();
  column.valueCount = column.owned.size();
  return status;
}

/** Floats and doubles lie in the request as a RowBatch wants them; one packed run is not copied. */
template <WireType single, size_t valueBytes>
Status decodeFixed(const RawColumn& raw, InputColumn& column) {
  std::vector<std::string_view> runs;
  uint64_t totalBytes = 0;
  Status status = eachItem(raw, column, [&](const WireField& field) {
    if (!field.bytes.empty()) runs.push_back(field.bytes);
    totalBytes += field.bytes.size();
    const bool fits = field.type == single || field.type == WireType::bytes;
    return fits && field.bytes.size() % valueBytes == 0;
  });
  if (runs.size() == 1) {
    column.values = reinterpret_cast<const uint8_t*>(runs.front().data());
  } else {
    column.owned.reserve(totalBytes);
    for (const std::string_view run : runs)
      column.owned.insert(column.owned.end(), run.begin(), run.end());
    column.values = column.owned.data();
  }
  column.valueCount = totalBytes / valueBytes;
  return status;
}

Status decodeTexts(const RawColumn& raw, InputColumn& column) {
  Status status = eachItem(raw, column, [&](const WireField& field) {
    column.texts.push_back(field.bytes);
    return field.type == WireType::bytes;
  });
  column.valueCount = column.texts.size();
  return status;
}

Status decodeFloatVectors(const RawColumn& raw, InputColumn& column) {
  const Field& field = *column.field;
  if (raw.dim != field.dim) {
    return invalidField("vector-dimension", field.name, std::to_string(field.dim),
                        std::to_string(raw.dim));
  }
  Status status = decodeFixed<WireType::fixed32, 4>(raw, column);
  if (!status.ok()) return status;
  if (column.valueCount % field.dim != 0) {
    return invalidField("vector-dimension", field.name,
                        "a multiple of " + std::to_string(field.dim) + " numbers",
                        std::to_string(column.valueCount));
  }
  column.valueCount /= field.dim;
  return status;
}

/** How a type travels: in which oneof, under which number, decoded by what. */
struct TypeRule {
  DataType type;
  bool isVector;
  uint32_t payloadKind;
  Status (*decode)(const RawColumn&, InputColumn&);
};

constexpr TypeRule rules[] = {
    {DataType::boolean, false, 1, decodeBooleans},
    {DataType::int8, false, 2, decodeVarints<int8_t>},
    {DataType::int16, false, 2, decodeVarints<int16_t>},
    {DataType::int32, false, 2, decodeVarints<int32_t>},
    {DataType::int64, false, 3, decodeVarints<int64_t>},
    {DataType::float32, false, 4, decodeFixed<WireType::fixed32, 4>},
    {DataType::float64, false, 5, decodeFixed<WireType::fixed64, 8>},
    {DataType::varchar, false, 6, decodeTexts},
    {DataType::json, false, 9, decodeTexts},
    {DataType::floatVector, true, 2, decodeFloatVectors},
};

std::string payloadName(const RawColumn& raw) {
  static const char* const scalars[] = {"no",     "bool",   "int",   "long",  "float",
                                        "double", "string", "bytes", "array", "json"};
  static const char* const vectors[] = {"no",
                                        "no",
                                        "float vector",
                                        "binary vector",
                                        "float16 vector",
                                        "bfloat16 vector",
                                        "sparse vector",
                                        "int8 vector"};
  const uint32_t known = raw.isVector ? 8 : 10;
  if (raw.payloadKind >= known) return "unknown data";
  return std::string((raw.isVector ? vectors : scalars)[raw.payloadKind]) + " data";
}

Status decodeColumn(const Schema& schema, const RawColumn& raw, uint32_t rowCount,
                    InputColumn& column) {
  const bool dynamic = raw.isDynamic;
  const Field* const field = dynamic ? schema.byId(metaFieldId) : schema.byName(raw.name);
  if (field == nullptr) {
    const std::string name = dynamic ? "$meta" : std::string(raw.name);
    return invalidField("field-unknown", name,
                        dynamic ? "no dynamic field" : "a field of the schema",
                        dynamic ? "dynamic data" : "an unknown name");
  }
  if (raw.type != static_cast<uint64_t>(field->type)) {
    return invalidField("field-type", field->name, dataTypeName(field->type), typeName(raw.type));
  }
  column.field = field;
  column.width = fixedWidth(field->type, field->dim);
  column.present = raw.present;
  for (const TypeRule& rule : rules) {
    if (rule.type != field->type) continue;
    const bool empty = raw.payloads.empty();
    if (!empty && (raw.isVector != rule.isVector || raw.payloadKind != rule.payloadKind)) {
      return invalidField("field-type", field->name,
                          std::string(dataTypeName(field->type)) + " data", payloadName(raw));
    }
    if (!empty) {
      Status status = rule.decode(raw, column);
      if (!status.ok()) return status;
    }
    return settleRows(column, rowCount);
  }
  Status status(
      ErrorKind::invalid, "unimplemented",
      "field " + field->name + ": insert of " + dataTypeName(field->type) + " is not built yet");
  status.field = field->name;
  return status;
}

}  // namespace

Status readInsertRequest(const Schema& schema, std::string_view request, InputTable& out) {
  WireReader reader(request);
  WireField field;
  std::vector<RawColumn> columns;
  uint64_t rowCount = 0;
  while (reader.next(field)) {
    if (field.number == requestNumRows && field.type == WireType::varint) {
      rowCount = field.value;
    } else if (field.number == requestFieldsData && field.type == WireType::bytes) {
      if (!readColumn(field.bytes, columns.emplace_back())) {
        return malformed("column " + std::to_string(columns.size()) + " of the insert request");
      }
    }
  }
  if (reader.malformed()) return malformed("the insert request");
  // A row costs at least a byte somewhere: a number that nothing backs must not cost memory.
  if (rowCount > request.size()) return rowCountMismatch("fields_data", columns.size(), rowCount);
  out.rowCount = static_cast<uint32_t>(rowCount);
  out.columns.reserve(columns.size());
  for (const RawColumn& raw : columns) {
    Status status = decodeColumn(schema, raw, out.rowCount, out.columns.emplace_back());
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace dipper
