// The solvers of chips, by name.
#pragma once

#include "placement/kinds/chips/model/problem.h"
#include "placement/kinds/kind_of.h"

namespace allot::chips {

using Solver = SolverOf<Problem, Assignment>;

Registry<Solver> Solvers();

Entry<Solver> ExhaustiveEntry();

}  // namespace allot::chips
