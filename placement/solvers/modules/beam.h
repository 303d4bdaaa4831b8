// Building a placement item by item while several partial ones are kept.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/bounds/path_bounds.h"
#include "placement/value/evaluate.h"

namespace allot {

// The costs that every beam over one problem looks at; keeps a reference to the facts.
struct BeamCosts {
  explicit BeamCosts(const ProblemFacts& facts);

  const PlacementProblem& problem;
  const std::vector<std::vector<ItemId>>& groups;
  PathCosts paths;
  ItemTimes tail;                            // PathBounds::tail
  std::vector<std::vector<int64_t>> lambda;  // weights of the load bound
  std::vector<std::vector<Int128>> least;    // by weights, item
};

// About how many item evaluations a beam over that order takes for each placement it keeps: every
// state holds a row of devices for each output that is live.
int64_t BeamEffort(const BeamCosts& costs, const std::vector<ItemId>& order);

// Places the items in the given topological order. Keeps at most `width` partial placements: the
// best for each tuple of devices that hold live outputs, judged by what they cannot end before
// (ends with their tails, and the load bound). Transfers are paid once per receiving device and
// queue on their channels in the order in which consumers are placed, which is an estimate of the
// simulation. Residents stay within `capacity` where possible. O(items * width * devices * live
// outputs).
Solution BeamSchedule(const BeamCosts& costs, const std::vector<ItemId>& order, int64_t width,
                      const std::vector<Bytes>& capacity);

}  // namespace allot
