// What a plan is worth, as solvers count it.
#pragma once

#include <cstdint>

#include "placement/kinds/pipelines/model/problem.h"

namespace allot::pipelines {

// The ticks of a batch. The plan keeps the rules.
int64_t Evaluate(const Problem& problem, const Plan& plan);

}  // namespace allot::pipelines
