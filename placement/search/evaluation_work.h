// What one evaluation of a whole placement counts as in a search that is limited by work.
#pragma once

#include <cstdint>

#include "placement/problem/problem.h"

namespace allot {

// In item evaluations: the items, or more where tensors and those who read them outnumber them by
// far. Ordinary networks have a few tensors per item, which take as long as the rest.
int64_t EvaluationWork(const PlacementProblem& problem);

}  // namespace allot
