// Calls: sets of items that run as one, with their transfers (call_evaluator.h).
#include "placement/kinds/placement_kind.h"

namespace allot {

std::shared_ptr<const ProblemKind> CallsKind() {
  return MakePlacementKind(Execution::kCalls, "Items that run in calls, each with its transfers.");
}

}  // namespace allot
