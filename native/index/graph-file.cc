// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Reader and writer of the graph index image; the header of graph-file.h has the layout.
#include "index/graph-file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "base/crc32c.h"

namespace dipper {
namespace {

constexpr char magic[8] = {'D', 'P', 'R', 'G', 'R', 'A', 'P', 'H'};
constexpr uint32_t formatVersion = 1;
constexpr size_t largeAlignment = 4096;
constexpr size_t smallAlignment = 64;
constexpr uint32_t dimMax = 32768;
constexpr uint32_t codeDimsMax = dimMax + 1024;

enum Section : uint32_t { params, offsets, entries, edges, codes, tails, sectionCount };

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t sections;
  uint64_t fileBytes;
  uint32_t tableCrc;
  uint32_t headerCrc;  // of the bytes before it
  uint8_t reserved[32];
};
static_assert(sizeof(Header) == 64);

struct TableEntry {
  uint32_t kind;
  uint32_t crc;
  uint64_t offset;
  uint64_t sizeBytes;
  uint64_t reserved;
};
static_assert(sizeof(TableEntry) == 32);

struct Params {
  uint32_t metric;
  uint32_t dim;
  uint32_t extraDims;
  uint32_t rowCount;
  uint32_t degree;
  uint32_t entryCount;
  uint32_t m;
  uint32_t efConstruction;
  uint64_t seed;
  float step;
  float largestNorm;
  float rmsError;
  uint32_t reserved;
};
static_assert(sizeof(Params) == 56);

constexpr size_t tableBytes = sectionCount * sizeof(TableEntry);
constexpr size_t headerCrcBytes = offsetof(Header, headerCrc);

Status corrupt(const std::string& what) {
  return Status(ErrorKind::corrupt, "index-file-corrupt", "graph index file: " + what);
}

size_t roundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

struct SectionSizes {
  size_t bytes[sectionCount];
};

SectionSizes sectionSizes(const GraphParts& parts) {
  return {{sizeof(Params), parts.space.dim * sizeof(float), parts.entries.size() * sizeof(uint32_t),
           parts.edgeBytes(), parts.codeSectionBytes(), parts.tailSectionBytes()}};
}

size_t alignmentOf(uint32_t section) { return section >= edges ? largeAlignment : smallAlignment; }

Params paramsOf(const GraphParts& parts) {
  Params values = {};
  values.metric = static_cast<uint32_t>(parts.space.metric);
  values.dim = parts.space.dim;
  values.extraDims = parts.space.extraDims;
  values.rowCount = parts.rowCount;
  values.degree = parts.degree;
  values.entryCount = static_cast<uint32_t>(parts.entries.size());
  values.m = parts.m;
  values.efConstruction = parts.efConstruction;
  values.seed = parts.seed;
  values.step = parts.space.step;
  values.largestNorm = parts.space.largestNorm;
  values.rmsError = parts.space.rmsError;
  return values;
}

Status checkParams(const Params& values) {
  if (values.metric < 1 || values.metric > 3) return corrupt("unknown metric");
  if (values.dim < 1 || values.dim > dimMax) return corrupt("dimension out of range");
  if (values.extraDims > codeDimsMax - values.dim) return corrupt("code dimensions out of range");
  if (values.rowCount > walkRowsMax) return corrupt("row count out of range");
  if (values.degree < 16 || values.degree > walkSlotsMax || values.degree % 16 != 0) {
    return corrupt("degree out of range");
  }
  const uint32_t entriesMin = values.rowCount > 0 ? 1 : 0;
  if (values.entryCount < entriesMin || values.entryCount > values.rowCount) {
    return corrupt("entry count out of range");
  }
  const bool finite = std::isfinite(values.step) && values.step > 0 &&
                      std::isfinite(values.largestNorm) && std::isfinite(values.rmsError);
  return finite ? Status() : corrupt("code parameters out of range");
}

/** A read image: header and table checked, each section inside the file. */
struct Image {
  const uint8_t* file;
  TableEntry table[sectionCount];

  const uint8_t* at(uint32_t section) const { return file + table[section].offset; }
  bool crcHolds(uint32_t section) const {
    return crc32c(at(section), table[section].sizeBytes) == table[section].crc;
  }
};

Status readImage(const uint8_t* file, size_t sizeBytes, Image& image) {
  if (sizeBytes < sizeof(Header) + tableBytes) return corrupt("too short");
  Header header;
  std::memcpy(&header, file, sizeof header);
  if (std::memcmp(header.magic, magic, sizeof magic) != 0) return corrupt("not a graph index");
  if (crc32c(file, headerCrcBytes) != header.headerCrc) return corrupt("header checksum");
  if (header.version != formatVersion) {
    return corrupt("format version " + std::to_string(header.version) + ", expected " +
                   std::to_string(formatVersion));
  }
  if (header.sections != sectionCount || header.fileBytes != sizeBytes) {
    return corrupt("size " + std::to_string(sizeBytes) + ", expected " +
                   std::to_string(header.fileBytes));
  }
  if (crc32c(file + sizeof header, tableBytes) != header.tableCrc) return corrupt("table checksum");
  image.file = file;
  std::memcpy(image.table, file + sizeof header, tableBytes);
  for (uint32_t section = 0; section < sectionCount; section++) {
    const TableEntry& entry = image.table[section];
    if (entry.kind != section || entry.offset % alignmentOf(section) != 0 ||
        entry.offset > sizeBytes || entry.sizeBytes > sizeBytes - entry.offset) {
      return corrupt("section " + std::to_string(section) + " out of bounds");
    }
  }
  return Status();
}

/** Every edge leads to a row or is the end mark, so that a walk cannot leave the arrays. */
bool edgesHold(const GraphParts& parts) {
  const size_t count = size_t{parts.rowCount} * parts.degree;
  uint32_t wrong = 0;
  for (size_t i = 0; i < count; i++) {
    wrong |= (parts.edges[i] >= parts.rowCount && parts.edges[i] != noEdge) ? 1 : 0;
  }
  return wrong == 0;
}

void takeParams(const Params& values, GraphParts& parts) {
  parts.space.metric = static_cast<Metric>(values.metric);
  parts.space.dim = values.dim;
  parts.space.extraDims = values.extraDims;
  parts.space.step = values.step;
  parts.space.largestNorm = values.largestNorm;
  parts.space.rmsError = values.rmsError;
  parts.layout = codeLayout(parts.space.codeDims());
  parts.rowCount = values.rowCount;
  parts.degree = values.degree;
  parts.m = values.m;
  parts.efConstruction = values.efConstruction;
  parts.seed = values.seed;
  parts.entries.resize(values.entryCount);
}

}  // namespace

CodeView GraphParts::view() const {
  CodeView rows;
  rows.codes = codes;
  rows.strideBytes = layout.strideBytes;
  rows.codeBytes = layout.codeBytes;
  rows.tails = layout.tailOffset > 0 ? codes + layout.tailOffset : tails;
  rows.tailStrideBytes = layout.tailOffset > 0 ? layout.strideBytes : sizeof(int32_t);
  return rows;
}

size_t graphFileBytes(const GraphParts& parts) {
  const SectionSizes sizes = sectionSizes(parts);
  size_t at = sizeof(Header) + tableBytes;
  for (uint32_t section = 0; section < sectionCount; section++) {
    at = roundUp(at, alignmentOf(section)) + sizes.bytes[section];
  }
  return at;
}

void writeGraphFile(const GraphParts& parts, std::vector<uint8_t>& file) {
  const SectionSizes sizes = sectionSizes(parts);
  const Params values = paramsOf(parts);
  const void* const sources[sectionCount] = {&values,     parts.space.offsets.data(),
                                             parts.entries.data(), parts.edges,
                                             parts.codes, parts.tails};
  file.assign(graphFileBytes(parts), 0);
  TableEntry table[sectionCount] = {};
  size_t at = sizeof(Header) + tableBytes;
  for (uint32_t section = 0; section < sectionCount; section++) {
    at = roundUp(at, alignmentOf(section));
    if (sizes.bytes[section] > 0) {
      std::memcpy(file.data() + at, sources[section], sizes.bytes[section]);
    }
    table[section].kind = section;
    table[section].offset = at;
    table[section].sizeBytes = sizes.bytes[section];
    table[section].crc = crc32c(file.data() + at, sizes.bytes[section]);
    at += sizes.bytes[section];
  }
  Header header = {};
  std::memcpy(header.magic, magic, sizeof magic);
  header.version = formatVersion;
  header.sections = sectionCount;
  header.fileBytes = file.size();
  header.tableCrc = crc32c(reinterpret_cast<const uint8_t*>(table), tableBytes);
  header.headerCrc = crc32c(reinterpret_cast<const uint8_t*>(&header), headerCrcBytes);
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, table, tableBytes);
}

Status parseGraphFile(const uint8_t* file, size_t sizeBytes, GraphParts& parts) {
  Image image;
  Status status = readImage(file, sizeBytes, image);
  if (!status.ok()) return status;
  for (const uint32_t section : {params, offsets, entries, edges}) {
    if (!image.crcHolds(section)) return corrupt("checksum of section " + std::to_string(section));
  }
  if (image.table[params].sizeBytes != sizeof(Params)) return corrupt("parameter size");
  Params values;
  std::memcpy(&values, image.at(params), sizeof values);
  status = checkParams(values);
  if (!status.ok()) return status;
  takeParams(values, parts);
  parts.space.offsets.resize(values.dim);
  const SectionSizes sizes = sectionSizes(parts);
  for (uint32_t section = 0; section < sectionCount; section++) {
    if (image.table[section].sizeBytes != sizes.bytes[section]) {
      return corrupt("size of section " + std::to_string(section));
    }
  }
  std::memcpy(parts.space.offsets.data(), image.at(offsets), sizes.bytes[offsets]);
  if (!parts.entries.empty()) {
    std::memcpy(parts.entries.data(), image.at(entries), sizes.bytes[entries]);
  }
  parts.edges = reinterpret_cast<const uint32_t*>(image.at(edges));
  parts.codes = image.at(codes);
  parts.tails = sizes.bytes[tails] > 0 ? image.at(tails) : nullptr;
  const bool entriesHold = std::all_of(parts.entries.begin(), parts.entries.end(),
                                       [&](uint32_t row) { return row < parts.rowCount; });
  if (!entriesHold || !edgesHold(parts)) return corrupt("an edge leads to no row");
  return Status();
}

Status checkGraphFile(const uint8_t* file, size_t sizeBytes) {
  Image image;
  const Status status = readImage(file, sizeBytes, image);
  if (!status.ok()) return status;
  for (uint32_t section = 0; section < sectionCount; section++) {
    if (!image.crcHolds(section)) return corrupt("checksum of section " + std::to_string(section));
  }
  return Status();
}

}  // namespace dipper
