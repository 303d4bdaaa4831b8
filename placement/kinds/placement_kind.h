// The two kinds whose problem is a PlacementProblem and whose answer a Solution: they share
// reading, printing and solvers, and differ in how devices execute.
#pragma once

#include <memory>

#include "placement/kinds/kind.h"
#include "placement/problem/problem.h"

namespace allot {

// The kind of those whose devices execute like that.
std::shared_ptr<const ProblemKind> MakePlacementKind(Execution execution,
                                                     absl::string_view summary);

}  // namespace allot
