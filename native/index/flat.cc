// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Exact search by reading every candidate row once. Bound by memory bandwidth, so the work here
// is to read nothing twice and nothing needless: runs of candidates go to the row kernels,
// scattered ones are fetched by their bits with the next rows already on their way.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "index/exact-key.h"
#include "index/top-hits.h"
#include "index/vector-index.h"

namespace dipper {
namespace {

constexpr size_t wordRows = 64;
constexpr size_t cancelPollRows = 4096;
/** From this share of a word on, computing all 64 rows costs less than jumping between them. */
constexpr int denseWordBits = 48;

/** 64 candidate bits from any bit position; bits past the bitmap are zero. */
uint64_t bitsAt(const Bitmap& bitmap, size_t row) {
  const size_t word = row >> 6;
  const size_t shift = row & 63;
  uint64_t bits = word < bitmap.wordCount() ? bitmap.words()[word] >> shift : 0;
  if (shift != 0 && word + 1 < bitmap.wordCount()) bits |= bitmap.words()[word + 1] << (64 - shift);
  return bits;
}

void prefetchRow(const float* row, size_t dim) {
  const char* const bytes = reinterpret_cast<const char*>(row);
  const size_t sizeBytes = std::min<size_t>(dim * sizeof(float), 4096);
  for (size_t at = 0; at < sizeBytes; at += 64) __builtin_prefetch(bytes + at);
}

struct Scan {
  const VectorRows& rows;
  const ExactKeys& keys;
  uint32_t firstRow;
  TopHits& top;

  void dense(size_t base, size_t count, uint64_t bits) {
    float found[wordRows];
    keys.keys(rows.data + base * rows.dim, count, found);
    for (size_t i = 0; i < count; i++) {
      if ((bits >> i) & 1) top.offer(found[i], firstRow + static_cast<uint32_t>(base + i));
    }
  }

  void sparse(size_t base, uint64_t bits) {
    for (uint64_t ahead = bits & (bits - 1); bits != 0; bits &= bits - 1, ahead &= ahead - 1) {
      if (ahead != 0) {
        prefetchRow(rows.data + (base + static_cast<size_t>(std::countr_zero(ahead))) * rows.dim,
                    rows.dim);
      }
      const size_t row = base + static_cast<size_t>(std::countr_zero(bits));
      top.offer(keys.key(rows.data + row * rows.dim), firstRow + static_cast<uint32_t>(row));
    }
  }
};

}  // namespace

Status flatSearch(const VectorRows& rows, Metric metric, const float* query, uint32_t firstRow,
                  const IndexSearch& request, const TieBreak& tie, std::vector<Hit>& best) {
  const ExactKeys keys(metric, query, rows.dim);
  TopHits top(request.k, tie, std::move(best));
  Scan scan{rows, keys, firstRow, top};
  bool cancelled = false;
  for (size_t base = 0; base < rows.rowCount && !cancelled; base += wordRows) {
    const size_t count = std::min(wordRows, rows.rowCount - base);
    uint64_t bits = count == wordRows ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
    if (request.candidates != nullptr) bits &= bitsAt(*request.candidates, firstRow + base);
    if (std::popcount(bits) >= denseWordBits || request.candidates == nullptr) {
      scan.dense(base, count, bits);
    } else {
      scan.sparse(base, bits);
    }
    cancelled = base % cancelPollRows == 0 && request.cancel != nullptr && request.cancel->raised();
  }
  best = top.finish();
  if (cancelled) return Status(ErrorKind::cancelled, "cancelled", "the search was cancelled");
  return Status();
}

}  // namespace dipper
