// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Counters first, memory second: a reservation is one compare-and-swap on its class, so two
// loads that each fit alone cannot both pass. Large blocks come from mmap, aligned to the huge
// page size and advised for huge pages: graph walks touch rows at random, and a 4 KiB page table
// would cost them a TLB miss a row.
#include "base/alloc.h"

#include <sys/mman.h>

#include <atomic>
#include <cassert>
#include <cstdlib>
#include <cstring>

namespace dipper {
namespace {

constexpr size_t classCount = static_cast<size_t>(MemoryClass::count);
constexpr size_t alignmentBytes = 64;
constexpr size_t pageBytes = 4096;
constexpr size_t hugePageBytes = size_t{2} << 20;
/** Below this a block shares the heap; above it is mapped alone and goes back to the system. */
constexpr size_t mappedMinBytes = hugePageBytes;

struct alignas(64) Counter {
  std::atomic<uint64_t> used{0};
  std::atomic<uint64_t> budget{0};
  std::atomic<uint64_t> peak{0};
};

Counter counters[classCount];

const char* const classNames[classCount] = {"growing", "sealed", "index",   "scratch",
                                            "import",  "cache",  "inflight"};

Counter& counterOf(MemoryClass kind) {
  assert(static_cast<size_t>(kind) < classCount);
  return counters[static_cast<size_t>(kind)];
}

void raisePeak(Counter& counter, uint64_t used) {
  uint64_t peak = counter.peak.load(std::memory_order_relaxed);
  while (peak < used &&
         !counter.peak.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
  }
}

size_t roundUp(size_t sizeBytes, size_t unitBytes) {
  return (sizeBytes + unitBytes - 1) / unitBytes * unitBytes;
}

/** Zero pages aligned to the huge page size; null when the system refuses. */
uint8_t* mapPages(size_t sizeBytes) {
  const size_t wideBytes = sizeBytes + hugePageBytes;
  void* mapped =
      mmap(nullptr, wideBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  uint8_t* const start = static_cast<uint8_t*>(mapped);
  const size_t head = roundUp(reinterpret_cast<uintptr_t>(start), hugePageBytes) -
                      reinterpret_cast<uintptr_t>(start);
  if (head > 0) munmap(start, head);
  if (hugePageBytes > head) munmap(start + head + sizeBytes, hugePageBytes - head);
#if defined(MADV_HUGEPAGE)
  madvise(start + head, sizeBytes, MADV_HUGEPAGE);  // advice only: a refusal changes nothing
#endif
  return start + head;
}

}  // namespace

bool reserveMemory(MemoryClass kind, uint64_t sizeBytes) {
  Counter& counter = counterOf(kind);
  uint64_t used = counter.used.load(std::memory_order_relaxed);
  for (;;) {
    const uint64_t budget = counter.budget.load(std::memory_order_relaxed);
    if (budget != 0 && (used > budget || sizeBytes > budget - used)) return false;
    if (sizeBytes > UINT64_MAX - used) return false;
    if (counter.used.compare_exchange_weak(used, used + sizeBytes, std::memory_order_relaxed)) {
      raisePeak(counter, used + sizeBytes);
      return true;
    }
  }
}

void releaseMemory(MemoryClass kind, uint64_t sizeBytes) {
  [[maybe_unused]] const uint64_t before =
      counterOf(kind).used.fetch_sub(sizeBytes, std::memory_order_relaxed);
  assert(before >= sizeBytes && "more memory released than was reserved");
}

void setMemoryBudget(MemoryClass kind, uint64_t budgetBytes) {
  counterOf(kind).budget.store(budgetBytes, std::memory_order_relaxed);
}

MemoryUse memoryUse() {
  MemoryUse use;
  for (size_t i = 0; i < classCount; i++) {
    use.usedBytes[i] = counters[i].used.load(std::memory_order_relaxed);
    use.budgetBytes[i] = counters[i].budget.load(std::memory_order_relaxed);
    use.peakBytes[i] = counters[i].peak.load(std::memory_order_relaxed);
  }
  return use;
}

Status memoryRefused(MemoryClass kind, uint64_t sizeBytes) {
  const Counter& counter = counterOf(kind);
  const uint64_t used = counter.used.load(std::memory_order_relaxed);
  const uint64_t budget = counter.budget.load(std::memory_order_relaxed);
  std::string text = std::string(classNames[static_cast<size_t>(kind)]) + " memory: needed " +
                     std::to_string(sizeBytes) + " bytes, ";
  text += budget == 0 ? "the system has none to give"
                      : "free " + std::to_string(budget > used ? budget - used : 0) + " bytes of " +
                            std::to_string(budget);
  return Status(ErrorKind::memory, "memory-refused", std::move(text));
}

Block& Block::operator=(Block&& other) noexcept {
  if (this != &other) {
    this->~Block();
    data_ = other.data_;
    size_ = other.size_;
    mapped_ = other.mapped_;
    kind_ = other.kind_;
    other.data_ = nullptr;
    other.size_ = 0;
    other.mapped_ = 0;
  }
  return *this;
}

Block::~Block() {
  if (data_ == nullptr) return;
  if (mapped_ > 0) {
    munmap(data_, mapped_);
  } else {
    std::free(data_);
  }
  releaseMemory(kind_, mapped_ > 0 ? mapped_ : roundUp(size_, alignmentBytes));
  data_ = nullptr;
}

Status Block::allocate(MemoryClass kind, size_t sizeBytes, Block& out) {
  out = Block();
  if (sizeBytes == 0) return Status();
  if (sizeBytes > SIZE_MAX / 2) return memoryRefused(kind, sizeBytes);
  const bool mapped = sizeBytes >= mappedMinBytes;
  const size_t footprint = roundUp(sizeBytes, mapped ? pageBytes : alignmentBytes);
  if (!reserveMemory(kind, footprint)) return memoryRefused(kind, footprint);
  uint8_t* const data =
      mapped ? mapPages(footprint)
             : static_cast<uint8_t*>(std::aligned_alloc(alignmentBytes, footprint));
  if (data == nullptr) {
    releaseMemory(kind, footprint);
    return Status(ErrorKind::memory, "memory-refused",
                  "the system refused " + std::to_string(footprint) + " bytes");
  }
  if (!mapped) std::memset(data, 0, footprint);
  out.data_ = data;
  out.size_ = sizeBytes;
  out.mapped_ = mapped ? footprint : 0;
  out.kind_ = kind;
  return Status();
}

}  // namespace dipper
