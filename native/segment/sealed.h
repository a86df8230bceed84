// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A sealed segment: rows sorted by primary key, all columns immutable. `base` is one row batch
// (field 1 the stamps, the key, scalars, $meta; for a nullable vector field a Bool column under
// its id says which rows have one), each vector field a raw block of rows, `keys` the key blob.
// Deletes and indexes come and go beside them. Everything is checked once, at opening.
#pragma once

#include <memory>
#include <vector>

#include "segment/key-blob.h"
#include "segment/row-batch.h"
#include "segment/segment.h"
#include "segment/source.h"

namespace dipper {

struct SealedVectors {
  uint32_t fieldId;
  std::shared_ptr<ByteSource> source;
};

struct SealedParts {
  std::shared_ptr<ByteSource> base;
  std::vector<SealedVectors> vectors;
  std::shared_ptr<ByteSource> keys;
  const uint8_t* deletes = nullptr;  // a delete image, or null
  uint64_t deletesBytes = 0;
};

class SealedSegment final : public Segment {
 public:
  static Status open(std::shared_ptr<const Schema> schema, uint64_t id, uint64_t partitionId,
                     const SealedParts& parts, std::shared_ptr<SealedSegment>& out);

  SegmentState state() const override { return SegmentState::sealed; }
  uint32_t rowCount() const override { return base_.rowCount(); }
  uint32_t visibleRows(uint64_t timestamp) const override {
    return timestamp < minTimestamp_ ? 0 : base_.rowCount();
  }
  bool newerThan(uint64_t timestamp) const override { return maxTimestamp_ > timestamp; }
  uint64_t timestampOf(uint32_t row) const override { return timestamps_[row]; }
  KeyRef keyOf(uint32_t row) const override;
  bool column(uint32_t fieldId, uint32_t row, uint32_t visible, ColumnChunk& out) const override;
  void findKey(uint64_t hash, const KeyRef& key, std::vector<uint32_t>& rows) const override;
  uint64_t memoryBytes() const override;

  /** Raw rows of a vector field and which of them exist (null = all); false when it has none. */
  bool vectors(uint32_t fieldId, ColumnChunk& out) const;
  /** An index answers for the field now: its raw rows are read a few at a time, not scanned. */
  void forgetVectorPages(uint32_t fieldId) const;

 private:
  struct VectorColumn {
    uint32_t fieldId;
    std::shared_ptr<ByteSource> source;
    std::vector<uint8_t> validity;  // bits; empty = every row has one
  };
  using Segment::Segment;
  Status checkBase();
  Status addVectors(const SealedVectors& vectors);

  std::shared_ptr<ByteSource> baseSource_;
  std::shared_ptr<ByteSource> keySource_;
  RowBatchView base_;
  const BatchColumn* key_ = nullptr;
  const uint64_t* timestamps_ = nullptr;
  uint64_t minTimestamp_ = 0;
  uint64_t maxTimestamp_ = 0;
  KeyBlob keys_;
  std::vector<VectorColumn> vectors_;
};

}  // namespace dipper
