// Exact search for the placement, or the parts, whose largest load of a device or channel is
// smallest.
//
// Single items are placed in topological order; parts run in every order that the flows
// allow. A state is dominated by one that has placed the same items, has live outputs on the same
// devices and delivered to the same ones, and loads no resource more.
#pragma once

#include <functional>
#include <vector>

#include "placement/problem/allowed_times.h"
#include "placement/sequences/sequence_search.h"

namespace allot {

struct LoadSearchLimits {
  Picos upper = kNever;      // only what is smaller is looked for
  Picos goal = 0;            // a proven bound: what reaches it ends the search
  int64_t work = 1'000'000;  // steps tried
  // Whether a sequence of steps is allowed, if not all are. Turns dominance off.
  std::function<bool(const std::vector<Step>&)> allowed;
};

struct LoadSearchResult {
  bool complete = false;
  bool found = false;
  Picos value = 0;
  std::vector<Step> steps;
  int64_t work = 0;
  // The least value of a sequence that was not allowed.
  Picos refused = kNever;
};

LoadSearchResult SearchLoads(const PlacementProblem& problem, const SequenceInstance& instance,
                             const LoadSearchLimits& limits);

}  // namespace allot
