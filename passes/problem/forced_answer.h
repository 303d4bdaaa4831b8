// The plan where rules leave every item one device: there is one placement, and only its parts are
// left to decide.
#pragma once

#include <optional>

#include "ir/plan.h"
#include "placement/parts/parts.h"

namespace allot {

// Whether no item has a choice, and there are so many of them that a search for the only placement
// takes longer than all else. O(items * devices).
bool IsForced(const PlacementProblem& problem);

// Of a problem that IsForced(): parts formed from two orders of its items, as the graph has them
// and by depth, and the better of the two. The summary gets its value, who has found it, and of
// what one would do by hand the single devices. nullopt, and nothing in the summary: it does not
// fit.
std::optional<PartedSolution> ForcedParts(const PlacementProblem& problem,
                                          const ProblemGraph& graph, ir::Summary& summary);

}  // namespace allot
