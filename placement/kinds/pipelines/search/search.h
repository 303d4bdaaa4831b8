// The best plan of a problem: the best pipeline at each tensor width.
#pragma once

#include <cstdint>
#include <optional>

#include "placement/kinds/pipelines/model/problem.h"
#include "placement/solver.h"

namespace allot::pipelines {

struct Found {
  std::optional<Plan> plan;
  int64_t bound = 0;      // no plan is worth less; 0 claims nothing
  bool complete = false;  // all plans have been considered: the best is optimal, or there is none
  int64_t work = 0;
};

// kChain: only cuts of the order of the layers.
enum class Method { kAllCuts, kChain };

// Takes problems that pass Check(). Deterministic for a given work.
Found Search(const Problem& problem, Method method, const SolveLimits& limits);

// No plan is worth less: with any number of stages, the largest load is an equal share of the work
// at least, and that of the longest layer. O(widths * layers).
int64_t WorkBound(const Problem& problem);

}  // namespace allot::pipelines
