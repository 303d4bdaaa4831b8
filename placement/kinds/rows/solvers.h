// The solvers of the kind, by name.
#pragma once

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"

#include "placement/kinds/kind_of.h"
#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

inline constexpr absl::string_view kName = "rows";

using Solver = SolverOf<Problem, Division>;

// In the order in which they are offered; the first is the one to ask by default.
Registry<Solver> Solvers();

// The kind with further solvers behind these.
std::shared_ptr<const ProblemKind> KindWith(std::vector<Entry<Solver>> more);

// Divide() of search/divide.h.
Entry<Solver> MultilevelEntry();
// Baselines, made to keep the limits where they do not.
Entry<Solver> CyclicEntry();
Entry<Solver> ContiguousEntry();
Entry<Solver> RandomEntry();
// Every division that keeps the limits, up to a million of all; an InvalidArgument error for more.
Entry<Solver> ExhaustiveEntry();

}  // namespace allot::rows
