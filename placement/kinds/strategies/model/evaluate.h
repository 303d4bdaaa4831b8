// What an answer costs, as solvers count it.
#pragma once

#include <cstdint>

#include "placement/kinds/strategies/model/problem.h"

namespace allot::strategies {

// The sum of the costs of all nodes and edges; kForbidden if it is as much or more. Linear.
int64_t Evaluate(const Problem& problem, const Choice& choice);

}  // namespace allot::strategies
