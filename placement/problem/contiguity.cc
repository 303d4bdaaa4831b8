#include "placement/problem/contiguity.h"

#include "support/graph/strong_components.h"

namespace allot {
namespace {

// By item, the first of its group.
IdVector<ItemId, ItemId> Leaders(const PlacementProblem& problem) {
  IdVector<ItemId, ItemId> leader;
  for (const ItemId item : problem.items.ids()) leader.Add(item);
  for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
    for (const ItemId item : group) leader[item] = group[0];
  }
  return leader;
}

}  // namespace

std::vector<std::pair<ItemId, ItemId>> ContiguityPairs(const PlacementProblem& problem) {
  const IdVector<ItemId, ItemId> leader = Leaders(problem);
  IdVector<ItemId, char> has_forward(problem.items.size());
  for (const ItemId item : problem.items.ids()) {
    if (!problem.items[item].backward) has_forward[leader[item]] = 1;
  }
  std::vector<std::pair<ItemId, ItemId>> pairs;
  for (const PlacementProblem::Flow& flow : problem.flows) {
    const bool backward = problem.items[flow.from].backward;
    for (const ItemId to : flow.to) {
      if (!backward && !problem.items[to].backward) pairs.emplace_back(flow.from, to);
      if (!backward || !problem.items[to].backward) continue;
      if (!has_forward[leader[flow.from]] || !has_forward[leader[to]]) {
        pairs.emplace_back(to, flow.from);
      }
    }
  }
  return pairs;
}

ContiguityBlocks BuildContiguityBlocks(const PlacementProblem& problem) {
  const auto n = static_cast<int32_t>(problem.items.size());
  const std::vector<std::pair<ItemId, ItemId>> pairs = ContiguityPairs(problem);
  std::vector<WeightedEdge> edges;
  for (const auto& [before, after] : pairs) edges.push_back({before.index(), after.index()});
  const IdVector<ItemId, ItemId> leader = Leaders(problem);
  for (const ItemId item : problem.items.ids()) {
    if (leader[item] == item) continue;
    edges.push_back({item.index(), leader[item].index()});
    edges.push_back({leader[item].index(), item.index()});
  }
  const StrongComponents components = FindStrongComponents(CsrGraph(n, std::move(edges)));
  ContiguityBlocks blocks;
  blocks.num_blocks = components.num_components;
  blocks.block_of.raw() = components.component_of;
  std::vector<WeightedEdge> order;
  for (const auto& [before, after] : pairs) {
    order.push_back({blocks.block_of[before], blocks.block_of[after]});
  }
  blocks.order = CsrGraph(blocks.num_blocks, std::move(order));
  return blocks;
}

}  // namespace allot
