// The least period of a pipeline: bisection over PeriodTest, on all downsets if they can be listed,
// else on families around the best plan so far.
#pragma once

#include <cstdint>
#include <optional>

#include "placement/kinds/stages/problem/problem.h"
#include "placement/solver.h"

namespace allot {

struct StagesFound {
  std::optional<StagePlan> plan;
  int64_t value = 0;         // of it
  int64_t bound = 0;         // no plan has a smaller period
  bool by_downsets = false;  // the bound is that of all downsets, not of the work there is
  bool infeasible = false;   // proved: nothing fits
  int64_t work = 0;
};

// kDownsets: all of them and nothing before; no plan if they are too many. kOneOrder: only cuts of
// one order of the layers.
enum class StagesMethod { kBest, kDownsets, kOneOrder };

// Takes problems that pass CheckStages(). Deterministic for a given work and seed.
StagesFound SearchStages(const StagesProblem& problem, StagesMethod method,
                         const SolveLimits& limits);

}  // namespace allot
