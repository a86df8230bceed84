// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The cost model. Its constants are nanoseconds measured on one server processor; only their
// ratios matter, and those follow from the same work a row (fetch some lines, one product).
#include "index/search-plan.h"

#include <algorithm>

namespace dipper {
namespace {

constexpr double scanRowNs = 6;
constexpr double scanLineNs = 1.8;
constexpr double hopNs = 90;
constexpr double visitRowNs = 9;
constexpr double visitLineNs = 1.6;
/** Share of a row's neighbours that no earlier hop has met, on average over a walk. */
constexpr double unseenShare = 0.6;
constexpr uint32_t efDefaultMin = 64;
/** Collected beyond k, for refinement to reorder. */
constexpr uint32_t refineSlack = 6;
/** A walk that misses candidates where it expected them gets this much more room. */
constexpr double poolRoom = 2.0;

}  // namespace

uint32_t defaultEf(uint32_t k) { return std::max(efDefaultMin, k + k / 2); }

SearchPlan planSearch(const PlanInput& input) {
  const double share = static_cast<double>(input.candidateCount) / input.rowCount;
  SearchPlan plan;
  if (input.candidateCount == input.rowCount) {
    plan.keepCount = input.ef;
    plan.poolCapacity = input.ef;
    plan.scan = input.ef * 2 >= input.rowCount;
    return plan;
  }
  // A walk that keeps c candidates looks at c / share rows, so rarity widens it by itself.
  const uint32_t wanted = std::max(input.k + input.k / 4 + refineSlack,
                                   static_cast<uint32_t>(input.ef * share));
  plan.keepCount = std::min(std::min(wanted, std::max(input.ef, input.k + refineSlack)),
                            input.candidateCount);
  const double hops = plan.keepCount / share;
  const double scanCost = input.candidateCount * (scanRowNs + scanLineNs * input.codeLines);
  const double visitCost = visitRowNs + visitLineNs * input.codeLines;
  const double walkCost = hops * (hopNs + input.degree * unseenShare * visitCost);
  plan.scan = scanCost <= walkCost || hops * 2 >= input.rowCount;
  plan.poolCapacity =
      static_cast<uint32_t>(std::min<double>(hops * poolRoom + input.ef, input.rowCount));
  plan.poolCapacity = std::max(plan.poolCapacity, plan.keepCount);
  return plan;
}

}  // namespace dipper
