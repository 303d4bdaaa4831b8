// A problem as the chain of modules between its cut vertices. A cut vertex is an item that
// everything else lies before or after, with no flow past it. When it ends, every device and
// channel is idle, so what follows depends on its device alone.
#pragma once

#include <string>
#include <vector>

#include "placement/problem/allowed_times.h"
#include "placement/problem/problem.h"

namespace allot {

// The items between two cut vertices and the later one of them. Items stand in an order that
// identical modules share.
struct ChainModule {
  ItemId entry;  // the cut vertex before; invalid at the start
  std::vector<ItemId> items;
  ItemId exit;                              // the cut vertex that ends it; invalid at the end
  std::vector<std::vector<ItemId>> groups;  // that lie inside it

  // Its exit alone: transfers and one item.
  bool IsStep() const { return items.size() == 1 && entry.valid() && exit.valid(); }
};

// In the order of the chain; none if there are no items. `times`: AllowedTimes(problem).
std::vector<ChainModule> SplitAtCutVertices(const PlacementProblem& problem,
                                            const ProblemGraph& graph, const ItemTimes& times);

// A module as a problem of its own: its entry, if any, is item 0, costs nothing and has no device
// yet; the rest follow in the module's order. Memory never binds. Groups across modules only count
// as narrower times.
PlacementProblem ExtractModule(const PlacementProblem& problem, const ProblemGraph& graph,
                               const ItemTimes& times, const ChainModule& module);

// Everything that a search of the module depends on, as bytes: equal for identical modules.
std::string ModuleKey(const PlacementProblem& part, const ChainModule& module);

}  // namespace allot
