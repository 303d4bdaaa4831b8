// Local search on what is promised to the user: the objective of launched parts.
#pragma once

#include <cstdint>
#include <functional>

#include "placement/lanes/migration.h"
#include "placement/parts/parts.h"
#include "placement/search/progress.h"

namespace allot {

struct RefinePartsOptions {
  int64_t work = 0;  // item evaluations, at most about
  uint64_t seed = 1;
  // How much of PartState::Smooth() counts beside the objective, for latency in quarters: more
  // finds the way through wide graphs, less the last gains.
  int64_t smoothing = 16;
  // Begins at a temperature so many times lower: to improve an answer rather than look for others.
  int64_t cooler = 1;
  // Whose price counts as part of the objective; nullptr: moving costs nothing.
  const Migration* migration = nullptr;
  int64_t max_parts = 0;  // of the answer, where such are found; 0: any number
  // As of PricedValue(): what is minimised is the priced value, in which all beyond `ceiling` (0:
  // none) counts eightfold. 0: the objective alone.
  int64_t part_price = 0;
  Picos ceiling = 0;
  // Asked now and then; true: no further moves. nullptr: never.
  std::function<bool()> stop = nullptr;
};

// The best parts met on the way from `start`, never worse than it by what is minimised. Anneals
// over moves of items, clusters and parts between devices, and merges, splits and reorders parts,
// then merges what merges without loss. Where `start` does not fit into memory, the search repairs
// that first if it can. The same arguments give the same result. `progress` is told of each better
// value and, at the end, of the work that was spent.
PartedSolution RefineParts(const PlacementProblem& problem, const ProblemGraph& graph,
                           const PartedSolution& start, const RefinePartsOptions& options,
                           const ProgressHook& progress = nullptr);

}  // namespace allot
