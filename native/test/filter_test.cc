// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The filter executor without Node: scans of every instruction set against a plain loop, columns
// in chunks of awkward sizes, and what the agreement test in src/expr cannot reach: open rows,
// cancelling, and programs that no compiler would write.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "filter/filter-op.h"
#include "filter/filter.h"
#include "filter/json-find.h"
#include "filter/like.h"
#include "filter/scalar.h"
#include "filter/scan.h"
#include "test/check.h"

namespace dipper {
namespace {

/** Writes programs instruction by instruction, right or wrong. */
class Builder {
 public:
  Builder& add(FilterOp op, uint32_t fieldId = 0, uint64_t value = 0, uint32_t operands = 0) {
    std::string bytes(32, '\0');
    bytes[0] = static_cast<char>(op);
    std::memcpy(bytes.data() + 4, &fieldId, 4);
    std::memcpy(bytes.data() + 8, &operands, 4);
    std::memcpy(bytes.data() + 16, &value, 8);
    instructions_ += bytes;
    return *this;
  }
  std::string bytes(uint32_t stack = 16) const {
    const uint32_t count = static_cast<uint32_t>(instructions_.size() / 32);
    const uint32_t constants = (64 + count * 32 + 63) / 64 * 64;
    std::string out(constants, '\0');
    const uint32_t head[6] = {0x31504644, 1, count, stack, constants, constants};
    std::memcpy(out.data(), head, sizeof head);
    std::memcpy(out.data() + 64, instructions_.data(), instructions_.size());
    return out;
  }

 private:
  std::string instructions_;
};

std::shared_ptr<const Schema> schema() {
  std::shared_ptr<const Schema> compiled;
  const char* const field =
      R"("elementType":0,"dim":0,"maxLength":100,"maxCapacity":0,)"
      R"("autoId":false,"partitionKey":false,"dynamic":false,)";
  const auto one = [&](const char* head, const char* tail) {
    return "{" + std::string(head) + field + tail + "}";
  };
  const std::string json =
      R"({"version":0,"dynamic":false,"fields":[)" +
      one(R"("id":100,"name":"id","type":5,"primaryKey":true,)",
          R"("nullable":false,"default":null)") +
      "," +
      one(R"("id":101,"name":"age","type":4,"primaryKey":false,)",
          R"("nullable":true,"default":null)") +
      "," +
      one(R"("id":102,"name":"late","type":4,"primaryKey":false,)",
          R"("nullable":true,"default":"7")") +
      "]}";
  CHECK_OK(Schema::compile(json, compiled));
  return compiled;
}

/** id = row, age = row % 100 (null where row % 7 is 0), in chunks that end at no round row. */
class Rows final : public SegmentColumns {
 public:
  Rows(std::shared_ptr<const Schema> schema, uint32_t rowCount, uint32_t chunkRows)
      : schema_(std::move(schema)), chunkRows_(chunkRows), ids_(rowCount), ages_(rowCount) {
    for (uint32_t row = 0; row < rowCount; row++) {
      ids_[row] = row;
      ages_[row] = static_cast<int32_t>(row % 100);
      if (row % chunkRows == 0) validity_.emplace_back((chunkRows + 7) / 8, 0);
      const uint32_t at = row % chunkRows;
      if (row % 7 != 0) validity_.back()[at / 8] |= static_cast<uint8_t>(1 << (at % 8));
    }
  }
  const Schema& schema() const override { return *schema_; }
  uint32_t rowCount() const override { return static_cast<uint32_t>(ids_.size()); }
  bool column(uint32_t fieldId, uint32_t row, ColumnChunk& out) const override {
    const uint32_t chunk = row / chunkRows_;
    out.firstRow = chunk * chunkRows_;
    out.rowCount = std::min(chunkRows_, rowCount() - out.firstRow);
    out.offsets = nullptr;
    if (fieldId == 100) {
      out.data = reinterpret_cast<const uint8_t*>(ids_.data() + out.firstRow);
      out.validity = nullptr;
    } else {
      out.data = reinterpret_cast<const uint8_t*>(ages_.data() + out.firstRow);
      out.validity = validity_[chunk].data();
    }
    return fieldId != 102;
  }

 private:
  std::shared_ptr<const Schema> schema_;
  uint32_t chunkRows_;
  std::vector<int64_t> ids_;
  std::vector<int32_t> ages_;
  std::vector<std::vector<uint8_t>> validity_;
};

std::shared_ptr<const FilterProgram> parse(const std::string& bytes, const Schema& schema) {
  std::shared_ptr<const FilterProgram> program;
  CHECK_OK(FilterProgram::parse(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                                schema, program));
  return program;
}

Builder ageBelow50OrIdBelow10() {
  Builder builder;
  builder.add(FilterOp::column, 101).add(FilterOp::constInt, 0, 50).add(FilterOp::less);
  builder.add(FilterOp::column, 100).add(FilterOp::constInt, 0, 10).add(FilterOp::less);
  return builder.add(FilterOp::or_, 0, 0, 2);
}

DIPPER_TEST(filter_chunks_of_any_size_answer_alike) {
  const auto compiled = schema();
  const auto program = parse(ageBelow50OrIdBelow10().bytes(), *compiled);
  for (const uint32_t chunkRows : {1u, 63u, 64u, 100u, 8191u, 9000u, 40000u}) {
    const Rows rows(compiled, 20000, chunkRows);
    Bitmap truth;
    Bitmap known;
    CHECK_OK(program->evaluate(rows, nullptr, nullptr, truth, known));
    size_t wrong = 0;
    for (uint32_t row = 0; row < rows.rowCount(); row++) {
      const bool present = row % 7 != 0;
      const bool expected = (present && row % 100 < 50) || row < 10;
      wrong += truth.test(row) != expected || known.test(row) != (present || row < 10);
    }
    CHECK_EQ(wrong, size_t{0});
  }
}

DIPPER_TEST(filter_answers_open_rows_only) {
  const auto compiled = schema();
  const Rows rows(compiled, 1000, 77);
  Builder builder;
  builder.add(FilterOp::column, 100).add(FilterOp::constInt, 0, 3).add(FilterOp::modulo);
  builder.add(FilterOp::constInt, 0, 0).add(FilterOp::equal);
  Bitmap active(1000);
  for (size_t row = 0; row < 1000; row += 5) active.set(row);
  Bitmap truth;
  Bitmap known;
  CHECK_OK(parse(builder.bytes(), *compiled)->evaluate(rows, &active, nullptr, truth, known));
  for (size_t row = 0; row < 1000; row += 5) {
    CHECK(known.test(row));
    CHECK_EQ(truth.test(row), row % 3 == 0);
  }
  CHECK_EQ(known.count(), size_t{200});
}

DIPPER_TEST(filter_reads_the_default_of_a_column_that_is_not_there) {
  const auto compiled = schema();
  const Rows rows(compiled, 100, 30);
  Builder builder;
  builder.add(FilterOp::column, 102).add(FilterOp::constInt, 0, 7).add(FilterOp::equal);
  Bitmap truth;
  Bitmap known;
  CHECK_OK(parse(builder.bytes(), *compiled)->evaluate(rows, nullptr, nullptr, truth, known));
  CHECK_EQ(truth.count(), size_t{100});
}

DIPPER_TEST(filter_stops_when_cancelled) {
  const auto compiled = schema();
  const Rows rows(compiled, 100, 30);
  CancelFlag cancel;
  cancel.raise();
  Bitmap truth;
  Bitmap known;
  const auto program = parse(ageBelow50OrIdBelow10().bytes(), *compiled);
  CHECK(program->evaluate(rows, nullptr, &cancel, truth, known).kind() == ErrorKind::cancelled);
}

void checkRefused(const std::string& bytes, const char* words) {
  std::shared_ptr<const FilterProgram> program;
  const Status status = FilterProgram::parse(reinterpret_cast<const uint8_t*>(bytes.data()),
                                             bytes.size(), *schema(), program);
  CHECK_EQ(status.code(), "corrupt");
  CHECK(status.message().find(words) != std::string::npos);
  CHECK(program == nullptr);
}

DIPPER_TEST(filter_refuses_programs_no_compiler_writes) {
  checkRefused("", "shorter than its header");
  checkRefused(std::string(64, '\0'), "bad magic");
  checkRefused(Builder().bytes(), "regions beyond");
  checkRefused(Builder().add(FilterOp::constInt).bytes(), "one predicate");
  checkRefused(Builder().add(FilterOp::not_).bytes(), "operand missing");
  checkRefused(Builder().add(FilterOp::column, 999).bytes(), "unknown field 999");
  checkRefused(Builder().add(static_cast<FilterOp>(7)).bytes(), "unknown op 7");
  checkRefused(Builder().add(static_cast<FilterOp>(200)).bytes(), "unknown op 200");
  checkRefused(Builder().add(FilterOp::jsonPath, 100).bytes(), "path into no JSON field");
  checkRefused(Builder().add(FilterOp::constString, 0, 1 << 20).bytes(), "constant beyond");
  checkRefused(Builder().add(FilterOp::and_).bytes(), "without terms");
  checkRefused(Builder().add(FilterOp::constInt).add(FilterOp::not_).bytes(), "no predicate");
  checkRefused(Builder().add(FilterOp::constInt).add(FilterOp::constInt).bytes(1), "deeper stack");
  checkRefused(
      Builder().add(FilterOp::constBool).add(FilterOp::constInt).add(FilterOp::equal).bytes(),
      "unlike types");
  Builder deep;
  deep.add(FilterOp::truthConst);
  for (int i = 0; i < 2000; i++) deep.add(FilterOp::not_);
  checkRefused(deep.bytes(), "nested too deep");
}

template <typename T, typename Loop>
size_t wrongBits(Loop loop, const std::vector<T>& values, T low, T high) {
  size_t wrong = 0;
  for (const size_t rowCount : {0, 1, 63, 64, 65, 127, 128, 200}) {
    std::vector<uint64_t> words(rowCount / 64 + 2, 0);
    loop(values.data() + 1, rowCount, low, high, words.data());
    for (size_t row = 0; row < words.size() * 64; row++) {
      const bool expected = row < rowCount && values[row + 1] >= low && values[row + 1] <= high;
      wrong += ((words[row / 64] >> (row % 64)) & 1) != expected;
    }
  }
  return wrong;
}

template <typename T>
std::vector<T> spread(T low, T high) {
  std::vector<T> values;
  for (int i = 0; i < 260; i++) {
    const T pool[] = {low, high, std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max(),
                      static_cast<T>(0), static_cast<T>(i % 100), static_cast<T>(-(i % 50))};
    values.push_back(pool[(i * 5 + i / 7) % 7]);
  }
  return values;
}

DIPPER_TEST(filter_scans_of_every_level_equal_a_plain_loop) {
  for (const SimdLevel level : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
    const ScanTable* const table = scansFor(level);
    if (table == nullptr) continue;
    CHECK_EQ(wrongBits<int8_t>(table->int8, spread<int8_t>(-3, 40), -3, 40), size_t{0});
    CHECK_EQ(wrongBits<int16_t>(table->int16, spread<int16_t>(-300, 40), -300, 40), size_t{0});
    CHECK_EQ(wrongBits<int32_t>(table->int32, spread<int32_t>(5, 70000), 5, 70000), size_t{0});
    constexpr int64_t far = int64_t{1} << 40;
    CHECK_EQ(wrongBits<int64_t>(table->int64, spread<int64_t>(-1, far), -1, far), size_t{0});
    std::vector<float> floats = spread<float>(-1.5f, 40.25f);
    floats[10] = std::nanf("");
    CHECK_EQ(wrongBits<float>(table->float32, floats, -1.5f, 40.25f), size_t{0});
    std::vector<double> doubles = spread<double>(-1.5, 40.25);
    doubles[10] = std::nan("");
    CHECK_EQ(wrongBits<double>(table->float64, doubles, -1.5, 40.25), size_t{0});
  }
}

bool like(const char* pattern, const char* text) {
  LikePattern parsed;
  CHECK(LikePattern::parse(pattern, parsed));
  return parsed.matches(text);
}

DIPPER_TEST(filter_like_walks_code_points) {
  CHECK(like("", "") && !like("", "a") && like("%", "") && like("%%", "abc"));
  CHECK(like("a%", "abc") && like("%c", "abc") && like("%b%", "abc") && like("a%c", "ac"));
  CHECK(!like("a%a", "a") && like("a%a", "aa") && !like("abc", "abcd"));
  CHECK(like("_", "é") && like("__", "日本") && !like("_", "日本") && like("%_本", "日本"));
  CHECK(like("%aab%", "aaab") && like("%_b_%", "aabc") && !like("%_b_%", "bc"));
  CHECK(like("a\\%", "a%") && !like("a\\%", "ab") && like("\\\\%", "\\x"));
  LikePattern parsed;
  CHECK(!LikePattern::parse("abc\\", parsed));
  const char broken[] = {'\x80', '\xe6', 'a', '\0'};
  CHECK(like("%a", broken) && like("__a", broken) && !like("___a", broken));
}

JsonValue find(std::string_view document, std::vector<const char*> keys) {
  JsonPath path;
  for (const char* key : keys) path.add(key);
  return findJson(document, path);
}

DIPPER_TEST(filter_json_reads_what_lies_on_the_path) {
  const char* const document =
      R"( {"a": [1, {"b": "x,]}\""}, [2]], "a": 2, "\u0062": -7, )"
      R"("n": null, "big": 12345678901234567890} )";
  CHECK_EQ(find(document, {"a", "0"}).integer, int64_t{1});
  CHECK_EQ(find(document, {"a", "1", "b"}).text, R"(x,]}\")");
  CHECK_EQ(find(document, {"a", "2", "0"}).integer, int64_t{2});
  CHECK_EQ(find(document, {"b"}).integer, int64_t{-7});
  CHECK(find(document, {"n"}).kind == JsonKind::null);
  CHECK(find(document, {"big"}).kind == JsonKind::number);
  CHECK(find(document, {"a"}).kind == JsonKind::array);
  for (const char* missing : {"c", "0"}) CHECK(find(document, {missing}).kind == JsonKind::missing);
  CHECK(find(document, {"a", "3"}).kind == JsonKind::missing);
  CHECK(find(document, {"a", "01"}).kind == JsonKind::missing);
}

DIPPER_TEST(filter_json_cut_anywhere_stays_in_bounds) {
  const std::string document =
      R"({"a": {"b": [true, "\ud83d\ude00", {"c": 1.5e3}]}, "z": "end\\"})";
  std::string scratch;
  for (size_t size = 0; size < document.size(); size++) {
    const std::vector<char> cut(document.begin(), document.begin() + static_cast<long>(size));
    const std::string_view text(cut.data(), cut.size());
    for (const JsonValue& value : {find(text, {"a", "b", "2", "c"}), find(text, {"a", "b", "1"}),
                                   find(text, {"z"}), find(text, {"a"})}) {
      jsonCounts(value);
      if (value.kind == JsonKind::string) CHECK(jsonText(value, scratch).size() < 10);
    }
  }
  CHECK_EQ(jsonText(find(document, {"a", "b", "1"}), scratch), "\xf0\x9f\x98\x80");
  CHECK_EQ(find(document, {"a", "b", "2", "c"}).number, 1500.0);
}

DIPPER_TEST(filter_integers_meet_doubles_exactly) {
  TextScratch scratch;
  const auto order = [&](int64_t left, double right) {
    return compareScalars(Scalar::ofInteger(left), Scalar::ofNumber(right), scratch);
  };
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  CHECK(order(9007199254740993, 9007199254740992.0) == Order::greater);
  CHECK(order(most, 9223372036854775808.0) == Order::less);
  CHECK(order(-most - 1, -9223372036854775808.0) == Order::equal);
  CHECK(order(2, 2.5) == Order::less && order(-2, -2.5) == Order::greater);
  CHECK(order(0, std::nan("")) == Order::unordered);
  const auto isMissing = [](FilterOp op, int64_t left, int64_t right) {
    const Scalar result = calculate(op, Scalar::ofInteger(left), Scalar::ofInteger(right));
    return result.kind == ScalarKind::missing;
  };
  CHECK(isMissing(FilterOp::add, most, 1) && !isMissing(FilterOp::add, most, -1));
  CHECK(isMissing(FilterOp::divide, -most - 1, -1) && isMissing(FilterOp::modulo, 1, 0));
}

}  // namespace
}  // namespace dipper
