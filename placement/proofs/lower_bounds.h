// Proven lower bounds on the objective of any feasible solution, at item level and at part level
// alike.
#pragma once

#include <vector>

#include "placement/problem/problem.h"
#include "placement/value/lower_bound.h"
#include "placement/value/problem_facts.h"

namespace allot {

// All bounds that apply, best first (ties by name). Everything is integer arithmetic.
//  critical-path   latency: longest path, charging transfers and launches where devices change
//  call-path       calls: the cheapest way to cut some path into calls (call_paths.h)
//  load            some device must carry at least this (Lagrangian of assignment and memory); for
//                  latency, where no item has a choice, some device or channel
//  interval-chain  latency: sums of bounds between pivots that everything else precedes or follows
//  contradiction   latency of parts: what is left if everything ended within a time (trial_bound.h)
//  bottleneck      throughput: the costliest item on its best device
//  unit-cut        throughput: the least that a device carries with some item, and all it exchanges
//  steady-state    throughput: the load of the best mixture of placements (steady_state.h)
// `launch`: whether every part costs its device's part_cost (bounds part-level objectives).
// `work` bounds the effort spent; a smaller one gives a weaker bound, never a wrong one.
// Where the quick ones (paths and loads) reach `enough`, such as what a solution takes, the others
// are left out.
std::vector<LowerBound> LowerBounds(const ProblemFacts& facts, Launch launch, int64_t work,
                                    Picos enough = kMaxPicos);
inline std::vector<LowerBound> LowerBounds(const PlacementProblem& problem,
                                           const ProblemGraph& graph, Launch launch, int64_t work,
                                           Picos enough = kMaxPicos) {
  return LowerBounds(ProblemFacts(problem, graph), launch, work, enough);
}

// Whether a value is more than a tenth above what is proved: the gap of wide graphs, which take
// more work than others to search and to bound.
inline bool LeavesWideGap(Picos value, Picos bound) { return value - bound > value / 10; }

}  // namespace allot
