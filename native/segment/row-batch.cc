// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Reads and frames row batches. Numbers are read with memcpy: every supported platform is little
// endian, and a directory entry may lie anywhere that 8 bytes divide.
#include "segment/row-batch.h"

#include <cassert>
#include <cstring>

namespace dipper {
namespace {

constexpr uint32_t magic = 0x31425244;  // 'DRB1'
constexpr uint16_t version = 1;
constexpr uint64_t headerBytes = 64;
constexpr uint64_t entryBytes = 64;

template <typename T>
T load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename T>
void store(uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

Status corrupt(const std::string& what) {
  return Status(ErrorKind::corrupt, "corrupt", "row batch: " + what);
}

bool offsetsAscend(const uint32_t* offsets, uint32_t rowCount, uint64_t dataBytes) {
  if (offsets[0] != 0 || offsets[rowCount] != dataBytes) return false;
  bool ascending = true;
  for (uint32_t row = 0; row < rowCount; row++) ascending &= offsets[row] <= offsets[row + 1];
  return ascending;
}

}  // namespace

size_t fixedWidth(DataType type, uint32_t dim) {
  switch (type) {
    case DataType::boolean:
    case DataType::int8:
      return 1;
    case DataType::int16:
      return 2;
    case DataType::int32:
    case DataType::float32:
      return 4;
    case DataType::int64:
    case DataType::float64:
      return 8;
    case DataType::floatVector:
      return size_t{4} * dim;
    case DataType::float16Vector:
    case DataType::bfloat16Vector:
      return size_t{2} * dim;
    case DataType::int8Vector:
      return dim;
    case DataType::binaryVector:
      return dim / 8;
    case DataType::none:
    case DataType::varchar:
    case DataType::array:
    case DataType::json:
    case DataType::sparseVector:
      return 0;
  }
  return 0;
}

const char* dataTypeName(DataType type) {
  switch (type) {
    case DataType::none:
      return "None";
    case DataType::boolean:
      return "Bool";
    case DataType::int8:
      return "Int8";
    case DataType::int16:
      return "Int16";
    case DataType::int32:
      return "Int32";
    case DataType::int64:
      return "Int64";
    case DataType::float32:
      return "Float";
    case DataType::float64:
      return "Double";
    case DataType::varchar:
      return "VarChar";
    case DataType::array:
      return "Array";
    case DataType::json:
      return "JSON";
    case DataType::binaryVector:
      return "BinaryVector";
    case DataType::floatVector:
      return "FloatVector";
    case DataType::float16Vector:
      return "Float16Vector";
    case DataType::bfloat16Vector:
      return "BFloat16Vector";
    case DataType::sparseVector:
      return "SparseFloatVector";
    case DataType::int8Vector:
      return "Int8Vector";
  }
  return "unknown";
}

bool isDataType(uint8_t number) {
  return (number >= 1 && number <= 5) || number == 10 || number == 11 ||
         (number >= 21 && number <= 23) || (number >= 100 && number <= 105);
}

Status RowBatchView::parse(const uint8_t* bytes, size_t sizeBytes, RowBatchView& out) {
  out = RowBatchView();
  if (sizeBytes < headerBytes) return corrupt("shorter than its header");
  if (reinterpret_cast<uintptr_t>(bytes) % 8 != 0) return corrupt("not aligned");
  if (load<uint32_t>(bytes) != magic) return corrupt("bad magic");
  if (load<uint16_t>(bytes + 4) != version) return corrupt("unknown version");
  const uint16_t columnCount = load<uint16_t>(bytes + 6);
  out.rowCount_ = load<uint32_t>(bytes + 8);
  out.totalBytes_ = load<uint64_t>(bytes + 16);
  if (out.totalBytes_ > sizeBytes || out.totalBytes_ % regionAlignment != 0 ||
      out.totalBytes_ > rowBatchBytesMax) {
    return corrupt("length beyond its bytes");
  }
  if (headerBytes + entryBytes * columnCount > out.totalBytes_) {
    return corrupt("directory beyond its bytes");
  }
  out.columns_.reserve(columnCount);
  for (uint32_t i = 0; i < columnCount; i++) {
    Status status = out.readColumn(bytes, i);
    if (!status.ok()) return status;
  }
  return Status();
}

Status RowBatchView::readColumn(const uint8_t* bytes, uint32_t position) {
  const uint8_t* const entry = bytes + headerBytes + entryBytes * position;
  BatchColumn column;
  column.fieldId = load<uint32_t>(entry);
  const std::string name = "field " + std::to_string(column.fieldId);
  if (!columns_.empty() && columns_.back().fieldId >= column.fieldId) {
    return corrupt(name + " is out of order");
  }
  if (!isDataType(entry[4])) return corrupt(name + " has an unknown type");
  column.type = static_cast<DataType>(entry[4]);
  column.elementType = isDataType(entry[5]) ? static_cast<DataType>(entry[5]) : DataType::none;
  column.dim = load<uint32_t>(entry + 8);
  column.nullCount = load<uint32_t>(entry + 12);
  const uint64_t validityAt = load<uint64_t>(entry + 16);
  const uint64_t offsetsAt = load<uint64_t>(entry + 24);
  const uint64_t dataAt = load<uint64_t>(entry + 32);
  column.dataBytes = load<uint64_t>(entry + 40);
  const auto inside = [this](uint64_t from, uint64_t length) {
    return from % regionAlignment == 0 && from >= headerBytes && from <= totalBytes_ &&
           length <= totalBytes_ - from;
  };
  const size_t width = fixedWidth(column.type, column.dim);
  if ((offsetsAt == 0) != (width > 0)) return corrupt(name + ": offsets do not fit its type");
  if (!inside(dataAt, column.dataBytes)) return corrupt("data beyond its bytes");
  column.data = bytes + dataAt;
  if (width > 0) {
    if (column.dataBytes != static_cast<unsigned __int128>(width) * rowCount_) {
      return corrupt(name + ": wrong data length");
    }
  } else {
    if (!inside(offsetsAt, 4 * (uint64_t{rowCount_} + 1)))
      return corrupt("offsets beyond its bytes");
    column.offsets = reinterpret_cast<const uint32_t*>(bytes + offsetsAt);
    if (!offsetsAscend(column.offsets, rowCount_, column.dataBytes)) {
      return corrupt(name + ": offsets out of order");
    }
  }
  if (validityAt != 0) {
    if (!inside(validityAt, (uint64_t{rowCount_} + 7) / 8))
      return corrupt("validity beyond its bytes");
    column.validity = bytes + validityAt;
  }
  columns_.push_back(column);
  return Status();
}

const BatchColumn* RowBatchView::find(uint32_t fieldId) const {
  for (const BatchColumn& column : columns_) {
    if (column.fieldId == fieldId) return &column;
  }
  return nullptr;
}

RowBatchLayout::RowBatchLayout(uint32_t rowCount, std::vector<ColumnPlan> columns)
    : rowCount_(rowCount), columns_(std::move(columns)) {
  assert(columns_.size() <= UINT16_MAX);
  uint64_t next = headerBytes + entryBytes * columns_.size();
  for (const ColumnPlan& column : columns_) {
    Place place;
    const size_t width = fixedWidth(column.type, column.dim);
    if (column.nullCount > 0) {
      place.validityAt = next;
      next += alignUp((uint64_t{rowCount} + 7) / 8);
    }
    if (width == 0) {
      place.offsetsAt = next;
      next += alignUp(4 * (uint64_t{rowCount} + 1));
    }
    place.dataAt = next;
    place.dataBytes = width > 0 ? width * uint64_t{rowCount} : column.dataBytes;
    next += alignUp(place.dataBytes);
    places_.push_back(place);
  }
  totalBytes_ = next;
}

void RowBatchLayout::zeroTail(uint8_t* target, uint64_t from, uint64_t sizeBytes) const {
  std::memset(target + from + sizeBytes, 0, alignUp(sizeBytes) - sizeBytes);
}

void RowBatchLayout::writeFrame(uint8_t* target) const {
  std::memset(target, 0, headerBytes + entryBytes * columns_.size());
  store<uint32_t>(target, magic);
  store<uint16_t>(target + 4, version);
  store<uint16_t>(target + 6, static_cast<uint16_t>(columns_.size()));
  store<uint32_t>(target + 8, rowCount_);
  store<uint64_t>(target + 16, totalBytes_);
  for (size_t i = 0; i < columns_.size(); i++) {
    uint8_t* const entry = target + headerBytes + entryBytes * i;
    const Place& place = places_[i];
    store<uint32_t>(entry, columns_[i].fieldId);
    entry[4] = static_cast<uint8_t>(columns_[i].type);
    entry[5] = static_cast<uint8_t>(columns_[i].elementType);
    store<uint32_t>(entry + 8, columns_[i].dim);
    store<uint32_t>(entry + 12, columns_[i].nullCount);
    store<uint64_t>(entry + 16, place.validityAt);
    store<uint64_t>(entry + 24, place.offsetsAt);
    store<uint64_t>(entry + 32, place.dataAt);
    store<uint64_t>(entry + 40, place.dataBytes);
    if (place.validityAt != 0) {
      std::memset(target + place.validityAt, 0, alignUp((uint64_t{rowCount_} + 7) / 8));
    }
    if (place.offsetsAt != 0) zeroTail(target, place.offsetsAt, 4 * (uint64_t{rowCount_} + 1));
    zeroTail(target, place.dataAt, place.dataBytes);
  }
}

uint8_t* RowBatchLayout::validity(uint8_t* target, size_t column) const {
  return places_[column].validityAt == 0 ? nullptr : target + places_[column].validityAt;
}

uint32_t* RowBatchLayout::offsets(uint8_t* target, size_t column) const {
  const uint64_t at = places_[column].offsetsAt;
  return at == 0 ? nullptr : reinterpret_cast<uint32_t*>(target + at);
}

uint8_t* RowBatchLayout::data(uint8_t* target, size_t column) const {
  return target + places_[column].dataAt;
}

}  // namespace dipper
