// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Compiles a schema from the JSON that schemaToNativeJson() writes. The reader below knows just
// that shape (objects of scalars, one list of objects): a general tree would be built only to be
// thrown away.
#include "segment/schema.h"

#include <charconv>
#include <cstring>

#include "segment/row-batch.h"

namespace dipper {
namespace {

Status malformed(const std::string& what) {
  return Status(ErrorKind::invalid, "schema-invalid", "schema: " + what);
}

/** A cursor over JSON text; after the first failure every read answers false. */
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    skipSpace();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    at_++;
    return true;
  }
  bool atEnd() {
    skipSpace();
    return at_ == text_.size();
  }
  /** A string, number, true, false or null, as text; null gives false in `present`. */
  bool scalar(std::string& out, bool& present) {
    skipSpace();
    present = true;
    if (at_ < text_.size() && text_[at_] == '"') return quoted(out);
    const size_t start = at_;
    while (at_ < text_.size() && std::strchr(",]} \t\r\n", text_[at_]) == nullptr) at_++;
    out.assign(text_.substr(start, at_ - start));
    present = out != "null";
    return !out.empty();
  }
  bool quoted(std::string& out) {
    out.clear();
    if (!take('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        out += text_[at_++];
      } else if (!escape(out)) {
        return false;
      }
    }
    return take('"');
  }

 private:
  void skipSpace() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr) at_++;
  }
  bool hex4(uint32_t& out) {
    if (text_.size() - at_ < 4) return false;
    const char* const end = text_.data() + at_ + 4;
    const auto parsed = std::from_chars(text_.data() + at_, end, out, 16);
    at_ += 4;
    return parsed.ptr == end;
  }
  bool escape(std::string& out) {
    at_++;
    if (at_ >= text_.size()) return false;
    const char kind = text_[at_++];
    static constexpr char names[] = "\"\\/bfnrt";
    static constexpr char values[] = "\"\\/\b\f\n\r\t";
    if (kind != 'u') {
      const char* const found = std::strchr(names, kind);
      if (found == nullptr || *found == 0) return false;
      out += values[found - names];
      return true;
    }
    uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u") return false;
      at_ += 2;
      if (!hex4(low)) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    appendUtf8(out, code);
    return true;
  }
  static void appendUtf8(std::string& out, uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
      return;
    }
    const int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static constexpr uint8_t heads[] = {0, 0xc0, 0xe0, 0xf0};
    out += static_cast<char>(heads[tail] | (code >> (6 * tail)));
    for (int i = tail - 1; i >= 0; i--) out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
  }

  std::string_view text_;
  size_t at_ = 0;
};

template <typename T>
bool parseNumber(const std::string& text, T& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

template <typename T>
bool packNumber(const std::string& text, std::string& out) {
  T value{};
  if (!parseNumber(text, value)) return false;
  out.assign(reinterpret_cast<const char*>(&value), sizeof value);
  return true;
}

/** A default's text in RowBatch bytes. */
bool packDefault(DataType type, const std::string& text, std::string& out) {
  switch (type) {
    case DataType::boolean:
      out.assign(1, text == "true" ? 1 : 0);
      return text == "true" || text == "false";
    case DataType::int8:
      return packNumber<int8_t>(text, out);
    case DataType::int16:
      return packNumber<int16_t>(text, out);
    case DataType::int32:
      return packNumber<int32_t>(text, out);
    case DataType::int64:
      return packNumber<int64_t>(text, out);
    case DataType::float32:
      return packNumber<float>(text, out);
    case DataType::float64:
      return packNumber<double>(text, out);
    case DataType::varchar:
    case DataType::json:
      out = text;
      return true;
    default:
      return false;
  }
}

bool setFieldMember(Field& field, const std::string& key, const std::string& text,
                    std::string& defaultText) {
  uint8_t type = 0;
  if (key == "id") return parseNumber(text, field.id);
  if (key == "dim") return parseNumber(text, field.dim);
  if (key == "maxLength") return parseNumber(text, field.maxLength);
  if (key == "maxCapacity") return parseNumber(text, field.maxCapacity);
  if (key == "type" || key == "elementType") {
    if (!parseNumber(text, type) || (type != 0 && !isDataType(type))) return false;
    (key == "type" ? field.type : field.elementType) = static_cast<DataType>(type);
    return true;
  }
  if (key == "name") {
    field.name = text;
  } else if (key == "default") {
    field.hasDefault = true;
    defaultText = text;
  } else if (key == "primaryKey") {
    field.primaryKey = text == "true";
  } else if (key == "autoId") {
    field.autoId = text == "true";
  } else if (key == "nullable") {
    field.nullable = text == "true";
  } else if (key == "partitionKey") {
    field.partitionKey = text == "true";
  } else if (key == "dynamic") {
    field.dynamic = text == "true";
  }
  return true;
}

Status readField(Cursor& cursor, Field& field) {
  std::string key;
  std::string text;
  std::string defaultText;
  if (!cursor.take('{')) return malformed("a field is not an object");
  do {
    bool present = false;
    if (!cursor.quoted(key) || !cursor.take(':') || !cursor.scalar(text, present)) {
      return malformed("a field's member is not readable");
    }
    if (present && !setFieldMember(field, key, text, defaultText)) {
      return malformed("field " + field.name + ": " + key + " cannot be " + text);
    }
  } while (cursor.take(','));
  if (!cursor.take('}')) return malformed("a field does not end");
  if (field.hasDefault && !packDefault(field.type, defaultText, field.defaultValue)) {
    return malformed("field " + field.name + ": default cannot be " + defaultText);
  }
  const bool needsDim = isVector(field.type) && field.type != DataType::sparseVector;
  if (needsDim && (field.dim == 0 || field.dim > 32768)) {
    return malformed("field " + field.name + ": dim cannot be " + std::to_string(field.dim));
  }
  return field.type == DataType::none ? malformed("field " + field.name + " has no type")
                                      : Status();
}

Status readFields(Cursor& cursor, std::vector<Field>& fields) {
  if (!cursor.take('[')) return malformed("fields is not a list");
  do {
    Field field;
    Status status = readField(cursor, field);
    if (!status.ok()) return status;
    if (!fields.empty() && fields.back().id >= field.id)
      return malformed("field ids do not ascend");
    fields.push_back(std::move(field));
  } while (cursor.take(','));
  return cursor.take(']') ? Status() : malformed("fields does not end");
}

}  // namespace

Status Schema::compile(std::string_view json, std::shared_ptr<const Schema>& out) {
  auto schema = std::make_shared<Schema>();
  Cursor cursor(json);
  std::string key;
  std::string text;
  if (!cursor.take('{')) return malformed("not an object");
  do {
    bool present = false;
    if (!cursor.quoted(key) || !cursor.take(':')) return malformed("a member is not readable");
    if (key == "fields") {
      Status status = readFields(cursor, schema->fields_);
      if (!status.ok()) return status;
    } else if (!cursor.scalar(text, present)) {
      return malformed(key + " is not readable");
    } else if (key == "version" && !parseNumber(text, schema->version_)) {
      return malformed("version cannot be " + text);
    } else if (key == "dynamic") {
      schema->dynamic_ = text == "true";
    }
  } while (cursor.take(','));
  if (!cursor.take('}') || !cursor.atEnd()) return malformed("does not end");
  size_t keyCount = 0;
  for (size_t i = 0; i < schema->fields_.size(); i++) {
    if (!schema->fields_[i].primaryKey) continue;
    schema->primaryKey_ = i;
    keyCount++;
  }
  if (keyCount != 1) return malformed("needs one primary key, has " + std::to_string(keyCount));
  const DataType keyType = schema->primaryKey().type;
  if (keyType != DataType::int64 && keyType != DataType::varchar) {
    return malformed("a primary key cannot be " + std::string(dataTypeName(keyType)));
  }
  out = std::move(schema);
  return Status();
}

const Field* Schema::byId(uint32_t id) const {
  for (const Field& field : fields_) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Field* Schema::byName(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace dipper
