// The solvers of the kind, by name.
#pragma once

#include "absl/strings/string_view.h"

#include "placement/kinds/kind_of.h"
#include "placement/kinds/strategies/model/problem.h"

namespace allot::strategies {

inline constexpr absl::string_view kName = "strategies";

using Solver = SolverOf<Problem, Choice>;

// In the order in which they are offered; the first is the one to ask by default.
Registry<Solver> Solvers();

// Reductions, prices of usage with a proved bound, then branch and bound and searches of
// neighbourhoods until the work is done. Infeasible, optimal or feasible; finds nothing only within
// too little work.
Entry<Solver> PricesEntry();
// Every combination that keeps the rules, up to a million; an InvalidArgument error for more.
Entry<Solver> ExhaustiveEntry();

}  // namespace allot::strategies
