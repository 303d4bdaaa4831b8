#include "passes/coarsening/chain_of_blocks.h"

#include <algorithm>
#include <vector>

#include "ir/repeated_blocks.h"

namespace allot {
namespace {

constexpr size_t kFewestBlocks = 4;

// By place in the graph's order; empty if this is no chain.
std::vector<int32_t> BlocksOfPlaces(const std::vector<ir::RepeatedBlock>& repetitions,
                                    size_t num_nodes) {
  const bool is_chain =
      std::any_of(repetitions.begin(), repetitions.end(), [&](const ir::RepeatedBlock& repetition) {
        return repetition.count >= kFewestBlocks &&
               2 * repetition.nodes * repetition.count >= num_nodes;
      });
  if (!is_chain) return {};
  std::vector<char> begins(num_nodes + 1, 0);
  begins[0] = 1;
  for (const ir::RepeatedBlock& repetition : repetitions) {
    for (size_t i = 0; i <= repetition.count; ++i) {
      begins[repetition.begin + i * repetition.nodes] = 1;
    }
  }
  std::vector<int32_t> blocks;
  int32_t block = -1;
  for (size_t place = 0; place < num_nodes; ++place) {
    block += begins[place];
    blocks.push_back(block);
  }
  return blocks;
}

}  // namespace

ChainOfBlocks FindChainOfBlocks(const ir::Graph& graph, const NodeGrouping& groups) {
  const std::vector<ir::NodeId> order = graph.nodes();
  const std::vector<int32_t> blocks = BlocksOfPlaces(ir::FindRepeatedBlocks(graph), order.size());
  ChainOfBlocks chain;
  if (blocks.empty()) return chain;
  chain.block_of.resize(groups.num_groups, 0);
  for (size_t place = 0; place < order.size(); ++place) {
    const ItemId group = groups.group_of[order[place]];
    if (!group.valid()) continue;
    chain.block_of[group] = std::max(chain.block_of[group], blocks[place]);
  }
  // Once, where groups are numbered in topological order.
  const IdVector<ItemId, std::vector<ir::NodeId>> members = groups.Members();
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::vector<ir::NodeId>& nodes : members) {
      for (const ir::NodeId node : nodes) {
        const int32_t block = chain.block_of[groups.group_of[node]];
        for (const ir::ValueId result : graph.node(node).results) {
          for (const ir::NodeId user : graph.users(result)) {
            const ItemId reader = groups.group_of[user];
            if (!reader.valid() || chain.block_of[reader] >= block) continue;
            chain.block_of[reader] = block;
            changed = true;
          }
        }
      }
    }
  }
  chain.num_blocks = blocks.back() + 1;
  return chain;
}

}  // namespace allot
