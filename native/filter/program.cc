// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Reads a program: see program.h for the bytes. The stack of the postfix order is replayed with
// node indexes, so operands become children and every type is known before the parent is built.
#include "filter/program.h"

#include <algorithm>
#include <cstring>

namespace dipper {
namespace {

constexpr uint32_t magic = 0x31504644;  // 'DFP1'
constexpr uint16_t version = 1;
constexpr size_t headerBytes = 64;
constexpr size_t instructionBytes = 32;
constexpr uint32_t heightMax = 1024;  // twice what src/core/limits.ts lets a text nest, and room

template <typename T>
T readAt(const uint8_t* bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof(T));
  return value;
}

struct Instruction {
  FilterOp op;
  uint8_t flags;
  uint32_t fieldId;
  uint32_t operandCount;
  uint32_t constantBytes;
  uint64_t value;
};

Status malformed(const std::string& what) {
  return Status(ErrorKind::invalid, "corrupt", "filter program: " + what);
}

bool isNumeric(FilterType type) {
  return type == FilterType::integer || type == FilterType::number || type == FilterType::json;
}

bool isBitOp(FilterOp op) {
  return op == FilterOp::modulo || (op >= FilterOp::bitAnd && op <= FilterOp::shiftRight);
}

/** What a column's values are; predicate stands for "no value a filter can use". */
FilterType typeOfColumn(DataType type) {
  switch (type) {
    case DataType::boolean:
      return FilterType::boolean;
    case DataType::int8:
    case DataType::int16:
    case DataType::int32:
    case DataType::int64:
      return FilterType::integer;
    case DataType::float32:
    case DataType::float64:
      return FilterType::number;
    case DataType::varchar:
      return FilterType::text;
    case DataType::json:
      return FilterType::json;
    default:
      return FilterType::predicate;
  }
}

class Parser {
 public:
  Parser(const Schema& schema, FilterTree& tree) : schema_(schema), tree_(tree) {}

  Status parse(size_t sizeBytes);

 private:
  Status header(size_t sizeBytes);
  Status add(const Instruction& instruction);
  Status fill(const Instruction& instruction, FilterNode& node);
  Status fillValue(const Instruction& instruction, FilterNode& node);
  Status fillPredicate(const Instruction& instruction, FilterNode& node);
  Status takeOperands(uint32_t count, FilterNode& node);
  Status checkComparable(const FilterNode& node);
  Status constant(const Instruction& instruction, std::string_view& out) const;
  Status path(const Instruction& instruction, FilterNode& node);
  Status field(uint32_t fieldId, FilterNode& node);
  FilterType operandType(const FilterNode& node, uint32_t i) const {
    return tree_.child(node, i).type;
  }

  const Schema& schema_;
  FilterTree& tree_;
  const uint8_t* bytes_ = nullptr;
  uint32_t count_ = 0;
  uint32_t stackMax_ = 0;
  uint32_t constantsAt_ = 0;
  uint32_t total_ = 0;
  std::vector<uint32_t> stack_;
};

Status Parser::header(size_t sizeBytes) {
  bytes_ = reinterpret_cast<const uint8_t*>(tree_.bytes.data());
  if (sizeBytes < headerBytes) return malformed("shorter than its header");
  if (readAt<uint32_t>(bytes_, 0) != magic) return malformed("bad magic");
  if (readAt<uint16_t>(bytes_, 4) != version) return malformed("unknown version");
  count_ = readAt<uint32_t>(bytes_, 8);
  stackMax_ = readAt<uint32_t>(bytes_, 12);
  total_ = readAt<uint32_t>(bytes_, 16);
  constantsAt_ = readAt<uint32_t>(bytes_, 20);
  if (total_ != sizeBytes || total_ % 64 != 0) return malformed("length differs from its bytes");
  const uint64_t instructionsEnd = headerBytes + uint64_t{count_} * instructionBytes;
  if (count_ == 0 || constantsAt_ % 64 != 0 || instructionsEnd > constantsAt_ ||
      constantsAt_ > total_) {
    return malformed("regions beyond its bytes");
  }
  return {};
}

Status Parser::parse(size_t sizeBytes) {
  if (Status status = header(sizeBytes); !status.ok()) return status;
  tree_.nodes.reserve(count_);
  for (uint32_t i = 0; i < count_; i++) {
    const size_t at = headerBytes + size_t{i} * instructionBytes;
    const Instruction instruction{
        static_cast<FilterOp>(bytes_[at]),   bytes_[at + 1],
        readAt<uint32_t>(bytes_, at + 4),    readAt<uint32_t>(bytes_, at + 8),
        readAt<uint32_t>(bytes_, at + 12),   readAt<uint64_t>(bytes_, at + 16),
    };
    if (Status status = add(instruction); !status.ok()) return status;
  }
  if (stack_.size() != 1 || tree_.root().type != FilterType::predicate) {
    return malformed("does not leave one predicate");
  }
  return {};
}

Status Parser::add(const Instruction& instruction) {
  FilterNode node;
  node.op = instruction.op;
  node.flags = instruction.flags;
  if (Status status = fill(instruction, node); !status.ok()) return status;
  for (uint32_t i = 0; i < node.childCount; i++) {
    node.height = std::max(node.height, tree_.child(node, i).height + 1);
  }
  if (node.height > heightMax) return malformed("nested too deep");
  stack_.push_back(static_cast<uint32_t>(tree_.nodes.size()));
  if (stack_.size() > stackMax_) return malformed("deeper stack than its header says");
  tree_.nodes.push_back(std::move(node));
  return {};
}

Status Parser::takeOperands(uint32_t count, FilterNode& node) {
  if (count > stack_.size()) return malformed("operand missing");
  node.firstChild = static_cast<uint32_t>(tree_.children.size());
  node.childCount = count;
  tree_.children.insert(tree_.children.end(), stack_.end() - count, stack_.end());
  stack_.resize(stack_.size() - count);
  return {};
}

Status Parser::constant(const Instruction& instruction, std::string_view& out) const {
  const uint64_t from = instruction.value;
  const bool inside = from >= constantsAt_ && from <= total_ && from % 8 == 0 &&
                      instruction.constantBytes <= total_ - from;
  if (!inside) return malformed("constant beyond its bytes");
  out = {reinterpret_cast<const char*>(bytes_) + from, instruction.constantBytes};
  return {};
}

Status Parser::field(uint32_t fieldId, FilterNode& node) {
  const Field* const found = schema_.byId(fieldId);
  if (found == nullptr) return malformed("unknown field " + std::to_string(fieldId));
  for (size_t slot = 0; slot < tree_.fields.size(); slot++) {
    if (tree_.fields[slot].id == fieldId) {
      node.slot = static_cast<uint32_t>(slot);
      return {};
    }
  }
  node.slot = static_cast<uint32_t>(tree_.fields.size());
  tree_.fields.push_back(*found);
  return {};
}

Status Parser::path(const Instruction& instruction, FilterNode& node) {
  std::string_view bytes;
  if (Status status = field(instruction.fieldId, node); !status.ok()) return status;
  if (tree_.fields[node.slot].type != DataType::json) return malformed("path into no JSON field");
  if (Status status = constant(instruction, bytes); !status.ok()) return status;
  node.path = std::make_unique<JsonPath>();
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  if (bytes.size() < 4) return malformed("path without a step count");
  const uint32_t steps = readAt<uint32_t>(data, 0);
  size_t at = 4;
  for (uint32_t i = 0; i < steps; i++) {
    if (bytes.size() - at < 4) return malformed("path cut short");
    const uint32_t length = readAt<uint32_t>(data, at);
    at += 4;
    if (bytes.size() - at < length) return malformed("path cut short");
    node.path->add(bytes.substr(at, length));
    at += length;
  }
  return {};
}

Status Parser::fill(const Instruction& instruction, FilterNode& node) {
  if (isPredicateOp(instruction.op)) return fillPredicate(instruction, node);
  return fillValue(instruction, node);
}

Status Parser::fillValue(const Instruction& instruction, FilterNode& node) {
  switch (instruction.op) {
    case FilterOp::constBool:
      node.type = FilterType::boolean;
      node.integer = instruction.value != 0 ? 1 : 0;
      return {};
    case FilterOp::constInt:
      node.type = FilterType::integer;
      node.integer = static_cast<int64_t>(instruction.value);
      return {};
    case FilterOp::constDouble:
      node.type = FilterType::number;
      std::memcpy(&node.number, &instruction.value, sizeof node.number);
      return {};
    case FilterOp::constString:
      node.type = FilterType::text;
      return constant(instruction, node.text);
    case FilterOp::column:
      if (Status status = field(instruction.fieldId, node); !status.ok()) return status;
      node.type = typeOfColumn(tree_.fields[node.slot].type);
      if (node.type == FilterType::predicate || node.type == FilterType::json) {
        return malformed("field " + tree_.fields[node.slot].name + " is no plain column");
      }
      return {};
    case FilterOp::jsonPath:
      node.type = FilterType::json;
      return path(instruction, node);
    default:
      break;
  }
  const bool single = instruction.op == FilterOp::negate || instruction.op == FilterOp::roundFloat;
  const bool known = single || (instruction.op >= FilterOp::add &&
                                instruction.op <= FilterOp::shiftRight);
  if (!known) {
    return malformed("unknown op " + std::to_string(static_cast<int>(instruction.op)));
  }
  if (Status status = takeOperands(single ? 1 : 2, node); !status.ok()) return status;
  node.type = FilterType::integer;
  for (uint32_t i = 0; i < node.childCount; i++) {
    const FilterType type = operandType(node, i);
    const bool refused = isBitOp(node.op) && type == FilterType::number;
    if (!isNumeric(type) || refused) return malformed("arithmetic on no number");
    if (type == FilterType::json || node.type == FilterType::json) node.type = FilterType::json;
    else if (type == FilterType::number) node.type = FilterType::number;
  }
  const bool real = node.op == FilterOp::power || node.op == FilterOp::roundFloat;
  if (real && node.type != FilterType::json) node.type = FilterType::number;
  return {};
}

Status Parser::checkComparable(const FilterNode& node) {
  const FilterType first = operandType(node, 0);
  for (uint32_t i = 0; i < node.childCount; i++) {
    const FilterType type = operandType(node, i);
    const bool alike = type == first || (isNumeric(type) && isNumeric(first)) ||
                       type == FilterType::json || first == FilterType::json;
    if (type == FilterType::predicate || !alike) return malformed("comparison of unlike types");
  }
  return {};
}

Status Parser::fillPredicate(const Instruction& instruction, FilterNode& node) {
  std::string_view bytes;
  const auto operands = [&](uint32_t count) { return takeOperands(count, node); };
  switch (instruction.op) {
    case FilterOp::truthConst:
      node.integer = instruction.value != 0 ? 1 : 0;
      return {};
    case FilterOp::truthOf:
      if (Status status = operands(1); !status.ok()) return status;
      if (operandType(node, 0) == FilterType::boolean) return {};
      return operandType(node, 0) == FilterType::json ? Status() : malformed("truth of no boolean");
    case FilterOp::equal:
    case FilterOp::notEqual:
    case FilterOp::less:
    case FilterOp::lessEqual:
    case FilterOp::greater:
    case FilterOp::greaterEqual:
      if (Status status = operands(2); !status.ok()) return status;
      return checkComparable(node);
    case FilterOp::range:
      if (Status status = operands(3); !status.ok()) return status;
      return checkComparable(node);
    case FilterOp::inSet:
    case FilterOp::like:
      if (Status status = operands(1); !status.ok()) return status;
      if (Status status = constant(instruction, bytes); !status.ok()) return status;
      if (operandType(node, 0) == FilterType::predicate) return malformed("operand is no value");
      if (instruction.op == FilterOp::inSet) {
        node.set = std::make_unique<ValueSet>();
        return ValueSet::parse(bytes, *node.set) ? Status() : malformed("bad set");
      }
      node.like = std::make_unique<LikePattern>();
      return LikePattern::parse(bytes, *node.like) ? Status() : malformed("bad like pattern");
    case FilterOp::isNull:
      return field(instruction.fieldId, node);
    case FilterOp::exists:
      return path(instruction, node);
    case FilterOp::and_:
    case FilterOp::or_:
    case FilterOp::not_: {
      const uint32_t count = instruction.op == FilterOp::not_ ? 1 : instruction.operandCount;
      if (count == 0) return malformed("and/or without terms");
      if (Status status = operands(count); !status.ok()) return status;
      for (uint32_t i = 0; i < count; i++) {
        if (operandType(node, i) != FilterType::predicate) return malformed("term is no predicate");
      }
      return {};
    }
    default:
      return malformed("unknown op " + std::to_string(static_cast<int>(instruction.op)));
  }
}

}  // namespace

Status parseFilterTree(const uint8_t* bytes, size_t sizeBytes, const Schema& schema,
                       FilterTree& out) {
  out.bytes.assign((sizeBytes + 7) / 8, 0);
  if (sizeBytes > 0) std::memcpy(out.bytes.data(), bytes, sizeBytes);
  Parser parser(schema, out);
  return parser.parse(sizeBytes);
}

}  // namespace dipper
