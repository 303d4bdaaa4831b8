// Fewer parts for nearly the same value: what can be deployed and understood.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "placement/lanes/migration.h"
#include "placement/parts/parts.h"

namespace allot {

// Merges parts, and moves parts to the device of a neighbour where they become one with what runs
// there, as long as the objective stays at or below `limit`: in each step what saves most parts,
// then what costs least. With `part_price` the answer is the least PricedValue() on the way, else
// its end. Never more parts than `start`, which comes back where nothing can be saved or where it
// is infeasible. Deterministic. O(parts^2 * devices) evaluations at most, each linear in items and
// flows, and no further step after 64 million item evaluations; `work` grows by what they count.
// The price of `migration` counts
// as part of the objective.
PartedSolution SimplifyParts(const PlacementProblem& problem, const ProblemGraph& graph,
                             const PartedSolution& start, Picos limit, int64_t& work,
                             const Migration* migration = nullptr, int64_t part_price = 0);

struct ThinPartsOptions {
  int64_t most_parts = 0;    // of the first placement; 0: half of those of the start
  int64_t fewest_parts = 1;  // no placement is asked for with fewer
  int64_t work = 0;          // of the search for each, in item evaluations
  uint64_t seed = 1;
  std::function<bool()> stop = nullptr;  // asked now and then; true ends the search
};

// What fewer and fewer parts are worth: with at most `most_parts`, then half as many, and so on.
// Parts of the one before are merged as by SimplifyParts(), in each step what costs least for each
// part that it saves, whatever that is; then they are searched from within their number. Only what
// is feasible; `work` grows by what was spent. Deterministic.
std::vector<PartedSolution> ThinParts(const PlacementProblem& problem, const ProblemGraph& graph,
                                      const PartedSolution& start, const ThinPartsOptions& options,
                                      int64_t& work);

}  // namespace allot
