// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// See batch.h.
#include "filter/batch.h"

namespace dipper {
namespace {

uint64_t readBytes(const uint8_t* bytes, size_t from, size_t end) {
  uint64_t word = 0;
  if (from < end) std::memcpy(&word, bytes + from, std::min<size_t>(8, end - from));
  return word;
}

/** Copies `rowCount` bits that begin at bit `from` of a bit set of `endBit` bits. */
void copyBits(const uint8_t* bits, uint64_t from, uint64_t endBit, uint32_t rowCount,
              uint64_t* words) {
  const size_t endByte = (endBit + 7) / 8;
  const unsigned shift = from & 7;
  size_t at = from >> 3;
  for (uint32_t row = 0; row < rowCount; row += 64, at += 8) {
    uint64_t word = readBytes(bits, at, endByte) >> shift;
    if (shift != 0) word |= readBytes(bits, at + 8, endByte) << (64 - shift);
    words[row >> 6] = word;
  }
  if ((rowCount & 63) != 0) words[rowCount >> 6] &= (uint64_t{1} << (rowCount & 63)) - 1;
}

}  // namespace

void fillWords(uint64_t* words, uint32_t rowCount) {
  std::fill_n(words, rowCount / 64, ~uint64_t{0});
  if ((rowCount & 63) != 0) words[rowCount >> 6] = (uint64_t{1} << (rowCount & 63)) - 1;
}

uint32_t ColumnSlot::moveTo(const SegmentColumns& columns, uint32_t row, uint32_t rowEnd) {
  if (absent_) return rowEnd;
  const bool inside = row >= chunk_.firstRow && row - chunk_.firstRow < chunk_.rowCount;
  if (!inside && !columns.column(field_->id, row, chunk_)) {
    absent_ = true;
    fillDefaults();
    return rowEnd;
  }
  return std::min(rowEnd, chunk_.firstRow + chunk_.rowCount);
}

void ColumnSlot::fillDefaults() {
  const size_t width = fixedWidth(field_->type, field_->dim);
  if (width == 0) return;
  defaults_.assign((batchRows * width + 7) / 8, 0);
  if (!field_->hasDefault || field_->defaultValue.size() != width) return;
  auto* at = reinterpret_cast<uint8_t*>(defaults_.data());
  for (uint32_t i = 0; i < batchRows; i++, at += width) {
    std::memcpy(at, field_->defaultValue.data(), width);
  }
}

void ColumnSlot::validity(uint32_t row, uint32_t rowCount, uint64_t* words) const {
  if (absent_ && !field_->hasDefault) {
    std::fill_n(words, (rowCount + 63) / 64, 0);
  } else if (absent_ || chunk_.validity == nullptr) {
    fillWords(words, rowCount);
  } else {
    copyBits(chunk_.validity, row - chunk_.firstRow, chunk_.rowCount, rowCount, words);
  }
}

}  // namespace dipper
