// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Runs a parsed program over a segment, batch by batch. Predicates give masks; comparisons of a
// numeric column with constants scan raw memory, everything else asks row by row, and only the
// rows that the and/or around it has left open. Strong Kleene logic, as in src/expr/oracle.ts.
#include <memory>
#include <vector>

#include "filter/batch.h"
#include "filter/program.h"
#include "filter/scalar.h"
#include "filter/scan.h"

namespace dipper {
namespace {

class Evaluation {
 public:
  Evaluation(const FilterTree& tree, const SegmentColumns& columns)
      : tree_(tree), columns_(columns) {
    for (const Field& field : tree.fields) slots_.emplace_back(field);
  }

  Status run(const Bitmap* active, const CancelFlag* cancel, Bitmap& truth, Bitmap& known);

 private:
  /** `open` has a bit for each row whose answer still matters; others may be answered anyhow. */
  void predicate(const FilterNode& node, const uint64_t* open, TruthMask& out);
  void between(const FilterNode& node, TruthMask& out);
  void scanColumn(const ColumnSlot& slot, const FilterBounds& bounds, uint64_t* words);
  void columnInFew(const FilterNode& node, TruthMask& out);
  void columnInSet(const FilterNode& node, const uint64_t* open, TruthMask& out);
  void columnText(const FilterNode& node, const uint64_t* open, TruthMask& out);
  void logic(const FilterNode& node, const uint64_t* open, TruthMask& out);
  void general(const FilterNode& node, const uint64_t* open, TruthMask& out);
  void constant(bool truth, TruthMask& out);
  template <typename Answer>
  void eachRow(const uint64_t* open, TruthMask& out, Answer answer);

  /** -1 unknown, 0 false, 1 true. */
  int compare(const FilterNode& node, uint32_t row);
  int inRange(const FilterNode& node, uint32_t row);
  int inSet(const FilterNode& node, uint32_t row);
  int isLike(const FilterNode& node, uint32_t row);
  Scalar value(const FilterNode& node, uint32_t row);
  Scalar columnValue(const ColumnSlot& slot, uint32_t row);
  Scalar jsonValue(const FilterNode& node, uint32_t row);
  JsonValue find(const FilterNode& node, uint32_t row);

  size_t words() const { return (rowCount_ + 63) / 64; }
  TruthMask& scratch(uint32_t height);

  const FilterTree& tree_;
  const SegmentColumns& columns_;
  std::vector<ColumnSlot> slots_;
  std::vector<std::unique_ptr<TruthMask>> scratch_;  // one a height that combines terms
  std::vector<std::unique_ptr<MaskWords[]>> open_;
  TextScratch text_;
  uint32_t firstRow_ = 0;
  uint32_t rowCount_ = 0;
};

/** Places a batch's words into a segment's bitmap, whose words the batch may straddle. */
void place(const uint64_t* words, uint32_t firstRow, uint32_t rowCount, Bitmap& out) {
  uint64_t* at = out.words() + firstRow / 64;
  const unsigned shift = firstRow & 63;
  for (uint32_t row = 0; row < rowCount; row += 64, at++) {
    const uint64_t word = words[row >> 6];
    *at |= word << shift;
    if (shift != 0 && word >> (64 - shift) != 0) at[1] |= word >> (64 - shift);
  }
}

/** The open rows of a batch: a shifted part of the caller's bitmap, or all. */
void takeOpen(const Bitmap* active, uint32_t firstRow, uint32_t rowCount, uint64_t* words) {
  fillWords(words, rowCount);
  if (active == nullptr) return;
  const unsigned shift = firstRow & 63;
  for (uint32_t row = 0; row < rowCount; row += 64) {
    const size_t at = (firstRow + row) / 64;
    uint64_t word = active->words()[at] >> shift;
    if (shift != 0 && at + 1 < active->wordCount()) word |= active->words()[at + 1] << (64 - shift);
    words[row >> 6] &= word;
  }
}

Status Evaluation::run(const Bitmap* active, const CancelFlag* cancel, Bitmap& truth,
                       Bitmap& known) {
  const uint32_t rowEnd = columns_.rowCount();
  truth.reset(rowEnd, false);
  known.reset(rowEnd, false);
  TruthMask mask;
  MaskWords open;
  for (firstRow_ = 0; firstRow_ < rowEnd; firstRow_ += rowCount_) {
    if (cancel != nullptr && cancel->raised()) {
      return Status(ErrorKind::cancelled, "cancelled", "filter was cancelled");
    }
    uint32_t batchEnd = std::min(rowEnd, firstRow_ + batchRows);
    for (ColumnSlot& slot : slots_) batchEnd = slot.moveTo(columns_, firstRow_, batchEnd);
    rowCount_ = batchEnd - firstRow_;
    if (rowCount_ == 0) return Status(ErrorKind::internal, "internal", "filter: empty chunk");
    takeOpen(active, firstRow_, rowCount_, open);
    predicate(tree_.root(), open, mask);
    place(mask.truth, firstRow_, rowCount_, truth);
    place(mask.known, firstRow_, rowCount_, known);
  }
  return {};
}

void Evaluation::predicate(const FilterNode& node, const uint64_t* open, TruthMask& out) {
  if (node.plan == FilterPlan::between) return between(node, out);
  if (node.plan == FilterPlan::columnInSet) return columnInSet(node, open, out);
  if (node.plan == FilterPlan::columnInFew) return columnInFew(node, out);
  if (node.plan == FilterPlan::columnText) return columnText(node, open, out);
  switch (node.op) {
    case FilterOp::truthConst:
      return constant(node.integer != 0, out);
    case FilterOp::isNull:
      constant(false, out);
      slots_[node.slot].validity(firstRow_, rowCount_, out.truth);
      for (size_t i = 0; i < words(); i++) out.truth[i] = out.known[i] & ~out.truth[i];
      return;
    case FilterOp::and_:
    case FilterOp::or_:
      return logic(node, open, out);
    case FilterOp::not_:
      predicate(tree_.child(node, 0), open, out);
      for (size_t i = 0; i < words(); i++) out.truth[i] = out.known[i] & ~out.truth[i];
      return;
    default:
      return general(node, open, out);
  }
}

void Evaluation::constant(bool truth, TruthMask& out) {
  fillWords(out.known, rowCount_);
  std::fill_n(out.truth, words(), 0);
  if (truth) fillWords(out.truth, rowCount_);
}

/** One bit a row: low <= value <= high in a numeric or boolean column, nulls not looked at. */
void Evaluation::scanColumn(const ColumnSlot& slot, const FilterBounds& bounds, uint64_t* words) {
  const auto scan = [&]<typename T>(auto loop, T low, T high) {
    loop(slot.values<T>(firstRow_), rowCount_, low, high, words);
  };
  const ScanTable& table = scans();
  const int64_t low = bounds.low;
  const int64_t high = bounds.high;
  switch (slot.field().type) {
    case DataType::boolean:
    case DataType::int8:
      return scan(table.int8, static_cast<int8_t>(low), static_cast<int8_t>(high));
    case DataType::int16:
      return scan(table.int16, static_cast<int16_t>(low), static_cast<int16_t>(high));
    case DataType::int32:
      return scan(table.int32, static_cast<int32_t>(low), static_cast<int32_t>(high));
    case DataType::int64:
      return scan(table.int64, low, high);
    case DataType::float32:
      return scan(table.float32, static_cast<float>(bounds.lowReal),
                  static_cast<float>(bounds.highReal));
    default:
      return scan(table.float64, bounds.lowReal, bounds.highReal);
  }
}

void Evaluation::between(const FilterNode& node, TruthMask& out) {
  const ColumnSlot& slot = slots_[node.slot];
  slot.validity(firstRow_, rowCount_, out.known);
  if (node.bounds.nothing) {
    std::fill_n(out.truth, words(), 0);
  } else {
    scanColumn(slot, node.bounds, out.truth);
  }
  const uint64_t flip = node.inverted ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < words(); i++) out.truth[i] = (out.truth[i] ^ flip) & out.known[i];
}

/** A scan of raw memory a member costs less than a look-up a row. */
void Evaluation::columnInFew(const FilterNode& node, TruthMask& out) {
  const ColumnSlot& slot = slots_[node.slot];
  MaskWords equal;
  slot.validity(firstRow_, rowCount_, out.known);
  std::fill_n(out.truth, words(), 0);
  for (const int64_t value : node.set->integers()) {
    FilterBounds bounds;
    bounds.low = value;
    bounds.high = value;
    if (!bounds.cutTo(slot.field().type)) continue;
    scanColumn(slot, bounds, equal);
    for (size_t i = 0; i < words(); i++) out.truth[i] |= equal[i] & out.known[i];
  }
}

void Evaluation::columnInSet(const FilterNode& node, const uint64_t* open, TruthMask& out) {
  const ColumnSlot& slot = slots_[node.slot];
  slot.validity(firstRow_, rowCount_, out.known);
  const auto probe = [&]<typename T>(const T* values) {
    const ValueSet& set = *node.set;
    for (size_t i = 0; i < words(); i++) {
      const size_t from = 64 * i;
      const size_t count = std::min<size_t>(64, rowCount_ - from);
      uint64_t word = 0;
      if ((open[i] & out.known[i]) != 0) {
        for (size_t bit = 0; bit < count; bit++) {
          word |= uint64_t{set.holds(static_cast<int64_t>(values[from + bit]))} << bit;
        }
      }
      out.truth[i] = word & out.known[i];
    }
  };
  switch (slot.field().type) {
    case DataType::int8:
      return probe(slot.values<int8_t>(firstRow_));
    case DataType::int16:
      return probe(slot.values<int16_t>(firstRow_));
    case DataType::int32:
      return probe(slot.values<int32_t>(firstRow_));
    default:
      return probe(slot.values<int64_t>(firstRow_));
  }
}

void Evaluation::columnText(const FilterNode& node, const uint64_t* open, TruthMask& out) {
  const ColumnSlot& slot = slots_[node.slot];
  const auto each = [&](auto answer) {
    slot.validity(firstRow_, rowCount_, out.known);
    for (size_t i = 0; i < words(); i++) {
      uint64_t word = 0;
      for (uint64_t left = open[i] & out.known[i]; left != 0; left &= left - 1) {
        const auto bit = static_cast<unsigned>(__builtin_ctzll(left));
        const uint32_t row = firstRow_ + static_cast<uint32_t>(64 * i) + bit;
        word |= uint64_t{answer(slot.text(row))} << bit;
      }
      out.truth[i] = word;
    }
  };
  const std::string_view wanted = node.text;
  switch (node.op) {
    case FilterOp::equal:
      return each([&](std::string_view text) { return text == wanted; });
    case FilterOp::notEqual:
      return each([&](std::string_view text) { return text != wanted; });
    case FilterOp::less:
      return each([&](std::string_view text) { return text < wanted; });
    case FilterOp::lessEqual:
      return each([&](std::string_view text) { return text <= wanted; });
    case FilterOp::greater:
      return each([&](std::string_view text) { return text > wanted; });
    case FilterOp::greaterEqual:
      return each([&](std::string_view text) { return text >= wanted; });
    case FilterOp::inSet:
      return each([&](std::string_view text) { return node.set->holds(text); });
    default:
      return each([&](std::string_view text) { return node.like->matches(text); });
  }
}

TruthMask& Evaluation::scratch(uint32_t height) {
  if (scratch_.size() <= height) {
    scratch_.resize(height + 1);
    open_.resize(height + 1);
  }
  if (scratch_[height] == nullptr) {
    scratch_[height] = std::make_unique<TruthMask>();
    open_[height] = std::make_unique<MaskWords[]>(1);
  }
  return *scratch_[height];
}

/** and: rows that are known false are settled; or: rows that are true. The rest stays open. */
void Evaluation::logic(const FilterNode& node, const uint64_t* open, TruthMask& out) {
  const bool isAnd = node.op == FilterOp::and_;
  predicate(tree_.child(node, 0), open, out);
  TruthMask& term = scratch(node.height);
  uint64_t* const stillOpen = open_[node.height][0];
  for (uint32_t i = 1; i < node.childCount; i++) {
    uint64_t any = 0;
    for (size_t w = 0; w < words(); w++) {
      const uint64_t settled = isAnd ? out.known[w] & ~out.truth[w] : out.truth[w];
      stillOpen[w] = open[w] & ~settled;
      any |= stillOpen[w];
    }
    if (any == 0) return;
    predicate(tree_.child(node, i), stillOpen, term);
    for (size_t w = 0; w < words(); w++) {
      const uint64_t truth = out.truth[w];
      const uint64_t known = out.known[w];
      if (isAnd) {
        out.truth[w] = truth & term.truth[w];
        const uint64_t settled = (known & ~truth) | (term.known[w] & ~term.truth[w]);
        out.known[w] = (known & term.known[w]) | settled;
      } else {
        out.truth[w] = truth | term.truth[w];
        out.known[w] = (known & term.known[w]) | out.truth[w];
      }
    }
  }
}

template <typename Answer>
void Evaluation::eachRow(const uint64_t* open, TruthMask& out, Answer answer) {
  for (size_t i = 0; i < words(); i++) {
    uint64_t truth = 0;
    uint64_t known = 0;
    for (uint64_t left = open[i]; left != 0; left &= left - 1) {
      const unsigned bit = static_cast<unsigned>(__builtin_ctzll(left));
      const int result = answer(firstRow_ + static_cast<uint32_t>(64 * i) + bit);
      truth |= uint64_t{result > 0} << bit;
      known |= uint64_t{result >= 0} << bit;
    }
    out.truth[i] = truth;
    out.known[i] = known;
  }
}

void Evaluation::general(const FilterNode& node, const uint64_t* open, TruthMask& out) {
  switch (node.op) {
    case FilterOp::range:
      return eachRow(open, out, [&](uint32_t row) { return inRange(node, row); });
    case FilterOp::inSet:
      return eachRow(open, out, [&](uint32_t row) { return inSet(node, row); });
    case FilterOp::like:
      return eachRow(open, out, [&](uint32_t row) { return isLike(node, row); });
    case FilterOp::exists:
      return eachRow(open, out, [&](uint32_t row) { return jsonCounts(find(node, row)) ? 1 : 0; });
    case FilterOp::truthOf:
      return eachRow(open, out, [&](uint32_t row) {
        const Scalar scalar = value(tree_.child(node, 0), row);
        return scalar.kind == ScalarKind::boolean ? static_cast<int>(scalar.integer) : -1;
      });
    default:
      return eachRow(open, out, [&](uint32_t row) { return compare(node, row); });
  }
}

int Evaluation::compare(const FilterNode& node, uint32_t row) {
  const Scalar left = value(tree_.child(node, 0), row);
  if (left.kind == ScalarKind::missing) return -1;
  const Order order = compareScalars(left, value(tree_.child(node, 1), row), text_);
  return order == Order::none ? -1 : satisfies(node.op, order);
}

int Evaluation::inRange(const FilterNode& node, uint32_t row) {
  const Scalar scalar = value(tree_.child(node, 0), row);
  if (scalar.kind == ScalarKind::missing) return -1;
  const Order low = compareScalars(scalar, value(tree_.child(node, 1), row), text_);
  const Order high = compareScalars(scalar, value(tree_.child(node, 2), row), text_);
  if (low == Order::none || high == Order::none) return -1;
  return satisfies((node.flags & 1) != 0 ? FilterOp::greaterEqual : FilterOp::greater, low) &&
         satisfies((node.flags & 2) != 0 ? FilterOp::lessEqual : FilterOp::less, high);
}

/** A set answers for the kinds of value it holds; another kind is unknown. */
int Evaluation::inSet(const FilterNode& node, uint32_t row) {
  const ValueSet& set = *node.set;
  const Scalar scalar = value(tree_.child(node, 0), row);
  switch (scalar.kind) {
    case ScalarKind::boolean:
      return set.hasBooleans() ? set.holds(scalar.integer != 0) : -1;
    case ScalarKind::integer:
      if (!set.hasNumbers()) return -1;
      return set.hasIntegers() ? set.holds(scalar.integer) : 0;
    case ScalarKind::number:
      return set.hasNumbers() ? set.holds(scalar.number) : -1;
    case ScalarKind::text:
      return set.hasTexts() ? set.holds(plainText(scalar, text_.left)) : -1;
    default:
      return -1;
  }
}

int Evaluation::isLike(const FilterNode& node, uint32_t row) {
  const Scalar scalar = value(tree_.child(node, 0), row);
  if (scalar.kind != ScalarKind::text) return -1;
  return node.like->matches(plainText(scalar, text_.left));
}

Scalar Evaluation::value(const FilterNode& node, uint32_t row) {
  switch (node.op) {
    case FilterOp::constBool:
      return Scalar::ofBoolean(node.integer != 0);
    case FilterOp::constInt:
      return Scalar::ofInteger(node.integer);
    case FilterOp::constDouble:
      return Scalar::ofNumber(node.number);
    case FilterOp::constString:
      return Scalar::ofText(node.text);
    case FilterOp::column:
      return columnValue(slots_[node.slot], row);
    case FilterOp::jsonPath:
      return jsonValue(node, row);
    case FilterOp::negate:
      return negated(value(tree_.child(node, 0), row));
    case FilterOp::roundFloat: {
      const Scalar scalar = value(tree_.child(node, 0), row);
      return scalar.numeric() ? Scalar::ofNumber(static_cast<float>(scalar.real())) : Scalar();
    }
    default:
      return calculate(node.op, value(tree_.child(node, 0), row), value(tree_.child(node, 1), row));
  }
}

Scalar Evaluation::columnValue(const ColumnSlot& slot, uint32_t row) {
  if (!slot.present(row)) return {};
  switch (slot.field().type) {
    case DataType::boolean:
      return Scalar::ofBoolean(*slot.values<uint8_t>(row) != 0);
    case DataType::int8:
      return Scalar::ofInteger(*slot.values<int8_t>(row));
    case DataType::int16:
      return Scalar::ofInteger(*slot.values<int16_t>(row));
    case DataType::int32:
      return Scalar::ofInteger(*slot.values<int32_t>(row));
    case DataType::int64:
      return Scalar::ofInteger(*slot.values<int64_t>(row));
    case DataType::float32:
      return Scalar::ofNumber(*slot.values<float>(row));
    case DataType::float64:
      return Scalar::ofNumber(*slot.values<double>(row));
    default:
      return Scalar::ofText(slot.text(row));
  }
}

JsonValue Evaluation::find(const FilterNode& node, uint32_t row) {
  const ColumnSlot& slot = slots_[node.slot];
  return slot.present(row) ? findJson(slot.text(row), *node.path) : JsonValue();
}

Scalar Evaluation::jsonValue(const FilterNode& node, uint32_t row) {
  const JsonValue json = find(node, row);
  switch (json.kind) {
    case JsonKind::boolean:
      return Scalar::ofBoolean(json.boolean);
    case JsonKind::integer:
      return Scalar::ofInteger(json.integer);
    case JsonKind::number:
      return Scalar::ofNumber(json.number);
    case JsonKind::string: {
      Scalar scalar = Scalar::ofText(json.text);
      scalar.escaped = json.escaped;
      return scalar;
    }
    default:
      return {};
  }
}

class Program final : public FilterProgram {
 public:
  FilterTree tree;

  Status evaluate(const SegmentColumns& columns, const Bitmap* active, const CancelFlag* cancel,
                  Bitmap& truth, Bitmap& known) const override {
    Evaluation evaluation(tree, columns);
    return evaluation.run(active, cancel, truth, known);
  }
};

}  // namespace

Status FilterProgram::parse(const uint8_t* bytes, size_t sizeBytes, const Schema& schema,
                            std::shared_ptr<const FilterProgram>& out) {
  auto program = std::make_shared<Program>();
  if (Status status = parseFilterTree(bytes, sizeBytes, schema, program->tree); !status.ok()) {
    return status;
  }
  planFilterTree(program->tree);
  out = std::move(program);
  return {};
}

}  // namespace dipper
