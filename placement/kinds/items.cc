// Items, each run by itself as soon as it can.
#include "placement/kinds/placement_kind.h"

namespace allot {

std::shared_ptr<const ProblemKind> ItemsKind() {
  return MakePlacementKind(Execution::kItems, "Items that run one by one on their devices.");
}

}  // namespace allot
