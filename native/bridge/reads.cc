// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Face, part five: search and query. The request is copied out of JavaScript's memory (it is
// small), so that nothing of the caller's thread is needed while the pool works.
#include "bridge/functions.h"
#include "bridge/pool.h"
#include "bridge/values.h"
#include "search/query.h"
#include "search/search.h"

namespace dipper::bridge {
namespace {

constexpr uint32_t resultsMax = 1 << 20;

struct SearchJob {
  SearchRequest request;
  SearchResult result;
  std::shared_ptr<CancelFlag> cancel;
};

struct QueryJob {
  QueryRequest request;
  QueryResult result;
  std::shared_ptr<CancelFlag> cancel;
};

/** Pins (position 0), filter program (1) and partitions (2). Pins are consumed even by a refusal.
 */
void readScope(Arguments& arguments, ReadScope& scope) {
  for (const uint64_t handle : arguments.wholeNumbers(0, "pins")) {
    const std::shared_ptr<Pin> pin = Registry::instance().take<Pin>(handle);
    if (pin == nullptr) {
      arguments.refuse(
          Status(ErrorKind::missing, "closed", "pin " + std::to_string(handle) + " is not held"));
      continue;
    }
    scope.pins.push_back(*pin);
  }
  const Bytes program = arguments.optionalBytes(1, "program");
  if (!arguments.info()[2].IsNull()) {
    scope.somePartitions = true;
    scope.partitionIds = arguments.wholeNumbers(2, "partitionIds");
  }
  if (scope.pins.empty()) arguments.refuse("pins", "at least one pin");
  if (arguments.ok() && program.present) {
    arguments.refuse(
        FilterProgram::parse(program.data, program.size, scope.schema(), scope.program));
  }
}

std::shared_ptr<SearchJob> readSearch(Arguments& arguments) {
  auto job = std::make_shared<SearchJob>();
  SearchRequest& request = job->request;
  readScope(arguments, request.scope);
  request.fieldId = static_cast<uint32_t>(arguments.count(3, "fieldId", UINT32_MAX));
  request.metric = static_cast<Metric>(arguments.count(4, "metric", 3));
  if (static_cast<uint8_t>(request.metric) == 0) arguments.refuse("metric", "1, 2 or 3");
  request.queryCount = static_cast<uint32_t>(arguments.count(5, "queryCount", resultsMax));
  const Bytes queries = arguments.bytes(6, "queries");
  request.queries.assign(queries.data, queries.data + queries.size);
  request.k = static_cast<uint32_t>(arguments.count(7, "k", resultsMax));
  if (request.k == 0) arguments.refuse("k", "a number from 1");
  request.ef = static_cast<uint32_t>(arguments.count(8, "ef", resultsMax));
  request.scope.ignoreGrowing = arguments.flag(9, "ignoreGrowing");
  request.outputFieldIds = arguments.fieldIds(10, "outputFieldIds");
  job->cancel = arguments.cancel(11);
  request.scope.cancel = job->cancel.get();
  return job;
}

std::shared_ptr<QueryJob> readQuery(Arguments& arguments) {
  auto job = std::make_shared<QueryJob>();
  QueryRequest& request = job->request;
  readScope(arguments, request.scope);
  request.offset = arguments.count(3, "offset", Arguments::handleMax);
  request.limit = arguments.count(4, "limit", Arguments::handleMax);
  request.orderByKey = arguments.flag(5, "orderByKey");
  request.scope.ignoreGrowing = arguments.flag(6, "ignoreGrowing");
  request.outputFieldIds = arguments.fieldIds(7, "outputFieldIds");
  request.countOnly = arguments.flag(8, "countOnly");
  request.resultBytesMax = arguments.count(9, "resultBytesMax", Arguments::handleMax);
  job->cancel = arguments.cancel(10);
  request.scope.cancel = job->cancel.get();
  return job;
}

Napi::Value rowsOf(Napi::Env env, bool hasRows, Block& rows) {
  return hasRows ? fromBlock(env, std::move(rows)) : env.Null();
}

Napi::Value fromHits(Napi::Env env, SearchResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("counts", fromIds(env, result.counts));
  object.Set("scores", fromFloats(env, result.scores));
  object.Set("keys", fromKeys(env, result.keys));
  object.Set("rows", rowsOf(env, result.hasRows, result.rows));
  return object;
}

Napi::Value fromRows(Napi::Env env, QueryResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("rowCount", fromCount(env, result.rowCount));
  object.Set("rows", rowsOf(env, result.hasRows, result.rows));
  return object;
}

/** A row batch as columns of a segment, for evaluateFilter. */
class BatchColumns final : public SegmentColumns {
 public:
  BatchColumns(const Schema& schema, const RowBatchView& batch) : schema_(schema), batch_(batch) {}

  const Schema& schema() const override { return schema_; }
  uint32_t rowCount() const override { return batch_.rowCount(); }
  bool column(uint32_t fieldId, uint32_t, ColumnChunk& out) const override {
    const BatchColumn* const column = batch_.find(fieldId);
    if (column == nullptr) return false;
    out = {column->data, column->offsets, column->validity, 0, batch_.rowCount()};
    return true;
  }

 private:
  const Schema& schema_;
  const RowBatchView& batch_;
};

Status evaluateOverBatch(const Schema& schema, const Bytes& program, const Bytes& bytes,
                         std::vector<uint8_t>& out) {
  RowBatchView batch;
  Status status = RowBatchView::parse(bytes.data, bytes.size, batch);
  for (size_t i = 0; i < batch.columns().size() && status.ok(); i++) {
    const BatchColumn& column = batch.columns()[i];
    const Field* const field = schema.byId(column.fieldId);
    if (field != nullptr && (field->type != column.type || field->dim != column.dim)) {
      status = invalidField("field-type", field->name, dataTypeName(field->type),
                            dataTypeName(column.type));
    }
  }
  std::shared_ptr<const FilterProgram> parsed;
  if (status.ok()) status = FilterProgram::parse(program.data, program.size, schema, parsed);
  if (!status.ok()) return status;
  Bitmap truth;
  Bitmap known;
  status = parsed->evaluate(BatchColumns(schema, batch), nullptr, nullptr, truth, known);
  if (!status.ok()) return status;
  for (uint32_t row = 0; row < batch.rowCount(); row++) {
    out.push_back(truth.test(row) ? 1 : 0);
    out.push_back(known.test(row) ? 1 : 0);
  }
  return status;
}

}  // namespace

Napi::Value searchPromise(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<SearchJob> job = readSearch(arguments);
  if (!arguments.ok()) return arguments.raise();
  return submit(
      info.Env(), Lane::interactive, [job] { return search(job->request, job->result); },
      [job](Napi::Env env) { return fromHits(env, job->result); });
}

Napi::Value searchNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<SearchJob> job = readSearch(arguments);
  if (arguments.ok()) arguments.refuse(search(job->request, job->result));
  return arguments.ok() ? fromHits(info.Env(), job->result) : arguments.raise();
}

Napi::Value queryPromise(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<QueryJob> job = readQuery(arguments);
  if (!arguments.ok()) return arguments.raise();
  return submit(
      info.Env(), Lane::interactive, [job] { return query(job->request, job->result); },
      [job](Napi::Env env) { return fromRows(env, job->result); });
}

Napi::Value queryNow(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<QueryJob> job = readQuery(arguments);
  if (arguments.ok()) arguments.refuse(query(job->request, job->result));
  return arguments.ok() ? fromRows(info.Env(), job->result) : arguments.raise();
}

Napi::Value evaluateFilter(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::shared_ptr<const Schema> schema = arguments.handle<const Schema>(0);
  const Bytes program = arguments.bytes(1, "program");
  const Bytes batch = arguments.bytes(2, "batch");
  std::vector<uint8_t> answers;
  if (arguments.ok()) arguments.refuse(evaluateOverBatch(*schema, program, batch, answers));
  return arguments.ok() ? fromBytes(info.Env(), answers) : arguments.raise();
}

}  // namespace dipper::bridge
