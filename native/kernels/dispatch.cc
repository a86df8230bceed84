// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Chooses the instruction set once. The processor's word is not enough: the operating system
// must save the wide registers too, which xgetbv tells. DIPPER_SIMD can lower the choice (a
// level that is not there is ignored), so that each level can be tested on one machine.
#include <cstdlib>
#include <cstring>

#include "kernels/table.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace dipper {
namespace {

constexpr SimdLevel allLevels[] = {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512};

#if defined(__x86_64__)

uint64_t savedRegisters() {
  uint32_t low;
  uint32_t high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

bool hasAll(uint32_t word, uint32_t wanted) { return (word & wanted) == wanted; }

SimdLevel detectLevel() {
  uint32_t a;
  uint32_t b;
  uint32_t c;
  uint32_t d;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return SimdLevel::scalar;
  constexpr uint32_t wordOne = bit_OSXSAVE | bit_AVX | bit_FMA | bit_POPCNT;
  if (!hasAll(c, wordOne)) return SimdLevel::scalar;
  const uint64_t saved = savedRegisters();
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return SimdLevel::scalar;
  constexpr uint64_t ymmState = 0x6;
  constexpr uint64_t zmmState = 0xe6;
  if ((saved & ymmState) != ymmState || !hasAll(b, bit_AVX2)) return SimdLevel::scalar;
  constexpr uint32_t wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  const bool has512 =
      (saved & zmmState) == zmmState && hasAll(b, wide) && hasAll(c, bit_AVX512VNNI);
  return has512 ? SimdLevel::avx512 : SimdLevel::avx2;
}

#else

SimdLevel detectLevel() { return SimdLevel::scalar; }

#endif

SimdLevel supportedLevel() {
  static const SimdLevel level = detectLevel();
  return level;
}

const Kernels& chooseKernels() {
  const char* const forced = std::getenv("DIPPER_SIMD");
  if (forced != nullptr) {
    for (const SimdLevel level : allLevels) {
      const Kernels* const table = kernelsFor(level);
      if (table != nullptr && std::strcmp(forced, simdLevelName(level)) == 0) return *table;
    }
  }
  const Kernels* const best = kernelsFor(supportedLevel());
  return best != nullptr ? *best : scalar::table;
}

}  // namespace

const char* simdLevelName(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx2:
      return "avx2";
    case SimdLevel::avx512:
      return "avx512";
    case SimdLevel::scalar:
      break;
  }
  return "scalar";
}

const Kernels* kernelsFor(SimdLevel level) {
  if (level > supportedLevel()) return nullptr;
  switch (level) {
#if defined(__x86_64__)
    case SimdLevel::avx2:
      return &avx2::table;
    case SimdLevel::avx512:
      return &avx512::table;
#endif
    default:
      return &scalar::table;
  }
}

const Kernels& kernels() {
  static const Kernels& chosen = chooseKernels();
  return chosen;
}

}  // namespace dipper
