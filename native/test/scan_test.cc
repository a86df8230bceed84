// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Text checks by table, and damaged input of every kind: run with SAN=1 this proves that no
// request or batch reads or writes out of bounds, whatever its bytes.
#include <random>
#include <string>

#include "scan/scan.h"
#include "scan/text-check.h"
#include "test/check.h"

namespace dipper {
namespace {

DIPPER_TEST(scan_utf8_table) {
  for (const char* good : {"", "plain ascii of more than eight", "\xc3\xbc", "\xe2\x82\xac",
                           "\xf0\x9f\x90\xa6", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}) {
    CHECK(isUtf8(good));
  }
  for (const char* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80", "\xff", "12345678\xe2\x82", "\xf5\x80\x80\x80"}) {
    CHECK(!isUtf8(bad));
  }
}

DIPPER_TEST(scan_json_table) {
  for (const char* good : {"0", "-0.5e+10", "\"\\u00e9\\n\"", "[]", "[1,[2,[]]]", "{\"a\":{}}",
                           " {\"a\" : [1 , 2]} ", "null", "true", "{\"a\":1,\"a\":2}"}) {
    CHECK(checkJson(good) != JsonKind::invalid);
  }
  for (const char* bad :
       {"",      " ",       "01",     "1.",      ".5",        "1e",       "+1",
        "NaN",   "[1,]",    "[,1]",   "{\"a\"}", "{\"a\":}",  "{a:1}",    "{\"a\":1,}",
        "[1 2]", "\"\\x\"", "\"\n\"", "\"open",  "[",         "]",        "[}",
        "{]",    "1 2",     "tru",    "nullx",   "{\"a\":1]", "\"\\u12\""}) {
    CHECK(checkJson(bad) == JsonKind::invalid);
  }
  CHECK(checkJson("{\"a\":[1]}") == JsonKind::object);
  CHECK(checkJson(std::string(jsonDepthMax, '[') + std::string(jsonDepthMax, ']')) ==
        JsonKind::array);
  CHECK(checkJson(std::string(jsonDepthMax + 1, '[') + std::string(jsonDepthMax + 1, ']')) ==
        JsonKind::invalid);
}

void putVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void putBytes(std::string& out, uint32_t number, const std::string& bytes) {
  putVarint(out, number << 3 | 2);
  putVarint(out, bytes.size());
  out += bytes;
}

std::string columnOf(uint32_t type, const std::string& name, uint32_t oneof, uint32_t kind,
                     const std::string& list) {
  std::string inner;
  if (oneof == 4) inner += std::string("\x08\x02", 2);
  putBytes(inner, kind, list);
  std::string column("\x08");
  putVarint(column, type);
  putBytes(column, 2, name);
  putBytes(column, oneof, inner);
  return column;
}

std::string sampleRequest() {
  std::string keys;
  std::string longs;
  for (int i = 0; i < 4; i++) putVarint(longs, static_cast<uint64_t>(i * 300));
  putBytes(keys, 1, longs);
  std::string texts;
  for (const char* text : {"one", "", "three", "four"}) putBytes(texts, 1, text);
  std::string floats;
  putBytes(floats, 1, std::string(32, '\x3f'));
  std::string request;
  putBytes(request, 5, columnOf(5, "id", 3, 3, keys));
  putBytes(request, 5, columnOf(21, "text", 3, 6, texts));
  putBytes(request, 5, columnOf(101, "vector", 4, 2, floats));
  request += std::string("\x38\x04", 2);
  return request;
}

std::shared_ptr<const Schema> scanSchema() {
  std::shared_ptr<const Schema> schema;
  CHECK_OK(Schema::compile(R"({"version":0,"dynamic":true,"fields":[
    {"id":2,"name":"$meta","type":23,"dynamic":true},
    {"id":100,"name":"id","type":5,"primaryKey":true},
    {"id":101,"name":"text","type":21,"maxLength":100,"nullable":true},
    {"id":102,"name":"vector","type":101,"dim":2}]})",
                           schema));
  return schema;
}

ScanOptions scanOptions() {
  ScanOptions options;
  options.partitionIds = {1};
  options.shardCount = 3;
  options.headRoomBytes = 64;
  return options;
}

/** Writes every part into a buffer of just its size, so that a sanitizer sees the first wrong byte.
 */
bool accepted(const Schema& schema, const std::string& request) {
  // An exact copy on the heap: reading past it is seen too.
  const std::vector<char> exact(request.begin(), request.end());
  InputTable table;
  ScanPlan plan;
  if (!readInsertRequest(schema, {exact.data(), exact.size()}, table).ok()) return false;
  if (!ScanPlan::make(schema, std::move(table), scanOptions(), plan).ok()) return false;
  for (size_t part = 0; part < plan.parts().size(); part++) {
    std::vector<uint64_t> buffer(plan.parts()[part].sizeBytes / 8);
    plan.write(part, reinterpret_cast<uint8_t*>(buffer.data()));
  }
  return true;
}

DIPPER_TEST(scan_damaged_requests_stay_in_bounds) {
  const std::shared_ptr<const Schema> schema = scanSchema();
  const std::string request = sampleRequest();
  CHECK(accepted(*schema, request));
  for (size_t cut = 0; cut < request.size(); cut++) accepted(*schema, request.substr(0, cut));
  std::mt19937 random(7);
  uint32_t refused = 0;
  for (int round = 0; round < 20000; round++) {
    std::string damaged = request;
    for (uint32_t i = 0; i < 1 + random() % 3; i++) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    if (!accepted(*schema, damaged)) refused++;
  }
  CHECK(refused > 5000);
}

DIPPER_TEST(scan_damaged_batches_stay_in_bounds) {
  const std::shared_ptr<const Schema> schema = scanSchema();
  const std::string request = sampleRequest();
  InputTable table;
  ScanPlan plan;
  CHECK_OK(readInsertRequest(*schema, request, table));
  ScanOptions options = scanOptions();
  options.shardCount = 1;
  CHECK_OK(ScanPlan::make(*schema, std::move(table), options, plan));
  std::vector<uint64_t> buffer(plan.parts()[0].sizeBytes / 8);
  plan.write(0, reinterpret_cast<uint8_t*>(buffer.data()));
  constexpr size_t batchAtWord = (64 + 64 + 64) / 8;
  const std::vector<uint64_t> batch(buffer.begin() + batchAtWord, buffer.end());
  std::mt19937 random(9);
  uint32_t parsed = 0;
  for (int round = 0; round < 20000; round++) {
    std::vector<uint64_t> damaged = batch;
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    for (uint32_t i = 0; i < random() % 3 && !damaged.empty(); i++) {
      // Mostly the header and directory, where the offsets are.
      const size_t below =
          random() % 2 == 0 ? std::min<size_t>(damaged.size(), 40) : damaged.size();
      damaged[random() % below] ^= uint64_t{1} << (random() % 64);
    }
    InputTable read;
    ScanPlan replan;
    const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(damaged.data());
    if (!readBatchInput(*schema, bytes, damaged.size() * 8, read).ok()) continue;
    parsed++;
    if (!ScanPlan::make(*schema, std::move(read), scanOptions(), replan).ok()) continue;
    for (size_t part = 0; part < replan.parts().size(); part++) {
      std::vector<uint64_t> target(replan.parts()[part].sizeBytes / 8);
      replan.write(part, reinterpret_cast<uint8_t*>(target.data()));
    }
  }
  CHECK(parsed > 1000);
}

}  // namespace
}  // namespace dipper
