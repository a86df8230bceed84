// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Maps file ranges. A mapped range counts against its class like a copied one: what a search
// touches ends up in memory, and the accountant must not promise that memory to somebody else.
#include "segment/source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dipper {
namespace {

Status unreadable(const std::string& path, const std::string& why) {
  return Status(ErrorKind::corrupt, "disk-error", path + ": " + why);
}

}  // namespace

ByteSource::~ByteSource() {
  if (mapped_ == nullptr) return;
  munmap(mapped_, mappedBytes_);
  releaseMemory(kind_, mappedBytes_);
}

void ByteSource::forgetPages() const {
  if (mapped_ != nullptr) madvise(mapped_, mappedBytes_, MADV_DONTNEED);
}

Status ByteSource::map(const std::string& path, uint64_t offsetBytes, uint64_t sizeBytes,
                       MemoryClass kind, std::shared_ptr<ByteSource>& out) {
  std::shared_ptr<ByteSource> source(new ByteSource());
  source->kind_ = kind;
  source->size_ = sizeBytes;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return unreadable(path, std::strerror(errno));
  struct stat facts;
  Status status;
  const uint64_t pageBytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t lead = offsetBytes % pageBytes;
  const uint64_t mappedBytes = sizeBytes + lead;
  if (fstat(file, &facts) != 0) {
    status = unreadable(path, std::strerror(errno));
  } else if (offsetBytes > static_cast<uint64_t>(facts.st_size) ||
             sizeBytes > static_cast<uint64_t>(facts.st_size) - offsetBytes) {
    status = Status(ErrorKind::corrupt, "corrupt",
                    path + ": holds " + std::to_string(facts.st_size) + " bytes, range ends at " +
                        std::to_string(offsetBytes) + " + " + std::to_string(sizeBytes));
  } else if (sizeBytes > 0 && !reserveMemory(kind, mappedBytes)) {
    status = memoryRefused(kind, mappedBytes);
  } else if (sizeBytes > 0) {
    void* const mapped = mmap(nullptr, mappedBytes, PROT_READ, MAP_PRIVATE, file,
                              static_cast<off_t>(offsetBytes - lead));
    if (mapped == MAP_FAILED) {
      releaseMemory(kind, mappedBytes);
      status = unreadable(path, std::strerror(errno));
    } else {
      source->mapped_ = mapped;
      source->mappedBytes_ = mappedBytes;
      source->data_ = static_cast<const uint8_t*>(mapped) + lead;
    }
  }
  close(file);
  if (status.ok()) out = std::move(source);
  return status;
}

Status ByteSource::copy(const uint8_t* bytes, uint64_t sizeBytes, MemoryClass kind,
                        std::shared_ptr<ByteSource>& out) {
  std::shared_ptr<ByteSource> source(new ByteSource());
  Status status = Block::allocate(kind, sizeBytes, source->block_);
  if (!status.ok()) return status;
  if (sizeBytes > 0) std::memcpy(source->block_.data(), bytes, sizeBytes);
  source->data_ = source->block_.data();
  source->size_ = sizeBytes;
  out = std::move(source);
  return status;
}

}  // namespace dipper
