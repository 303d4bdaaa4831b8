// What a plan is worth, as solvers count it.
#pragma once

#include <cstdint>

#include "placement/kinds/stages/problem/problem.h"
#include "placement/kinds/stages/value/compiled.h"

namespace allot {

// The period: ticks of the slowest stage. `plan` keeps the rules. O(layers + edges).
int64_t EvaluateStages(CostRule rule, const CompiledStages& stages, const StagePlan& plan);

}  // namespace allot
