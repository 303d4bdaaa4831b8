#include "placement/search/evaluation_work.h"

#include <algorithm>

namespace allot {

int64_t EvaluationWork(const PlacementProblem& problem) {
  constexpr int64_t kEndsPerItem = 16;
  int64_t ends = 0;
  for (const PlacementProblem::Flow& flow : problem.flows) {
    ends += 2 + static_cast<int64_t>(flow.to.size());  // the flow, its producer, its consumers
  }
  return std::max(static_cast<int64_t>(problem.items.size()), ends / kEndsPerItem);
}

}  // namespace allot
