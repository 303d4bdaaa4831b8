// Which placements should take turns, and how often: the steady state of parts (lanes.h).
//
// In the linear program lane i serves the share x_i of all inferences and every resource carries at
// most P per inference: min P, sum x = 1, sum x_i load_ir <= P. Its columns are whole copies, what
// the caller knows, and what is found as it is needed: for the program's duals w, the chain along a
// topological order with the least sum of w_r load_r, launches counted (ordered_cuts.h), with few
// parts and with any number, and its images on devices that compute as fast. Floating point
// only suggests shares; what they are worth is worked out in whole numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/lanes/lanes.h"

namespace allot {

struct LaneSearchOptions {
  // A period that leaves nothing to look for: where whole copies or ranges have it, no other
  // placements are generated. 0: there is always more.
  Picos enough = 0;
  // As of PricedValue(): what twice as many parts must save, in thousandths of the period. A tenth
  // of it is given for shares of a short cycle ("one of four" instead of "42 of 170").
  int64_t part_price = 0;
  // An answer takes at most so many thousandths longer than the best of `known` and of whole
  // copies, whatever parts cost.
  int64_t slack_permille = 0;
  Picos latency_limit = 0;  // of one inference in any lane; 0: none
  int64_t max_parts = 0;    // of all lanes; 0: any number
  bool single = false;      // one lane only
  // Beyond so much work only what is promised is looked at: `known`, single devices and whole
  // copies. 0: no limit.
  int64_t work = 0;
};

struct LaneSearchResult {
  Lanes lanes;       // empty: nothing is feasible. A single lane is a plain placement.
  LanesScore score;  // of `lanes`
  Picos best = 0;    // the least period met, which `lanes` may exceed by the slack
  std::optional<PartedSolution> single;  // what is fastest by itself, within the limits
  int64_t work = 0;                      // item evaluations, about
};

// The best lanes found; never worse than any of `known` that keeps the limits, nor than the best
// mixture of whole copies, by more than the slack. Requires a throughput problem in single items.
// Deterministic. O(rounds * orders * items * devices^2) for at most some sixty rounds.
LaneSearchResult SearchLanes(const PlacementProblem& problem, const ProblemGraph& graph,
                             const std::vector<PartedSolution>& known,
                             const LaneSearchOptions& options);

}  // namespace allot
