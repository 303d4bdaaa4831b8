// Small pipelines to be planned, of both rules, for tests that compare with the best there is.
#pragma once

#include <cstdint>

#include "placement/kinds/stages/problem/problem.h"

namespace allot::testing {

struct RandomStagesOptions {
  CostRule rule = CostRule::kPiper;
  int32_t layers = 4;
  int64_t devices = 4;
  bool memory = true;  // tight enough that it matters now and then
  bool together = false;
  bool updates_differ = false;  // between the variants of a layer
};

// The same for a seed everywhere. Passes CheckStages().
StagesProblem RandomStages(uint64_t seed, const RandomStagesOptions& options);

}  // namespace allot::testing
