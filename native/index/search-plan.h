// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// How to answer a filtered search: read the codes of all candidates, or walk the graph past rows
// that are none. Both costs are estimated; a fixed selectivity threshold is wrong by its nature,
// since the scan's cost grows with the number of candidates and the walk's with their rarity.
#pragma once

#include <cstdint>

namespace dipper {

struct PlanInput {
  uint32_t rowCount = 0;
  uint32_t candidateCount = 0;  // of rowCount
  uint32_t k = 0;               // at most candidateCount
  uint32_t ef = 0;              // at least k
  uint32_t degree = 0;
  uint32_t codeLines = 0;  // cache lines of a coded row
};

struct SearchPlan {
  bool scan = false;
  uint32_t keepCount = 0;     // candidates to collect for refinement
  uint32_t poolCapacity = 0;  // rows a walk keeps open
};

SearchPlan planSearch(const PlanInput& input);

/** ef where the user gave none. */
uint32_t defaultEf(uint32_t k);

}  // namespace dipper
