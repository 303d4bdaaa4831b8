// A search from a problem to an assignment of its nodes, with its bound.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "placement/kinds/chips/bounds/bounds.h"
#include "placement/kinds/chips/learning/proposer_weights.h"
#include "placement/kinds/chips/search/search.h"
#include "placement/solver.h"

namespace allot::chips {

struct ChipsFound {
  std::optional<Assignment> best;  // by node of the problem
  Picos value = 0;                 // of it
  ChipsBound bound;
  std::string finder;
  std::optional<Picos> plain_slices;  // what slices of one good order reach
  int64_t work = 0;                   // spent
};

using AddFinders = std::function<void(Workshop& workshop, std::vector<Finder>& finders)>;

// Every finder; those that learn from `weights`, with at most so many proposals each (0: any
// number). Weights must outlive the search; nullptr: what learns starts from nothing.
AddFinders AllFinders(const ProposerWeights* weights, int64_t finetune);

// The best by the finders. `evaluations`: at most, 0: as the work allows, of which a unit is 64
// steps of some nanoseconds: 20,000,000 are about a quarter of a minute.
ChipsFound SearchChips(const Problem& problem, const SolveLimits& limits, int64_t evaluations,
                       const AddFinders& add_finders);

}  // namespace allot::chips
