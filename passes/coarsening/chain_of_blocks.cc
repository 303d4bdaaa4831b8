#include "passes/coarsening/chain_of_blocks.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "passes/splitting/slice_name.h"

namespace allot {
namespace {

constexpr size_t kFewestBlocks = 4;

bool IsChain(const std::vector<ir::RepeatedBlock>& repetitions, size_t num_nodes, bool divided) {
  size_t all = 0, most = 0;
  for (const ir::RepeatedBlock& repetition : repetitions) {
    if (repetition.count < kFewestBlocks) continue;
    const size_t nodes = repetition.nodes * repetition.count;
    all += nodes;
    most = std::max(most, nodes);
  }
  return 2 * (divided ? all : most) >= num_nodes && most > 0;
}

}  // namespace

std::vector<ir::RepeatedBlock> RepetitionsOf(const ir::Graph& graph) {
  std::vector<int64_t> labels;
  bool divided = false;
  for (const ir::NodeId node : graph.nodes()) {
    const std::optional<SliceOf> of = ParseSliceName(graph.node(node).name);
    labels.push_back(of.has_value() ? of->slice : kWhole);
    divided = divided || of.has_value();
  }
  if (!divided) labels.clear();
  return ir::FindRepeatedBlocks(graph, labels);
}

std::vector<int32_t> BlocksOfPlaces(const ir::Graph& graph) {
  const std::vector<ir::NodeId> order = graph.nodes();
  const size_t num_nodes = order.size();
  const bool divided = std::any_of(order.begin(), order.end(), [&](ir::NodeId node) {
    return ParseSliceName(graph.node(node).name).has_value();
  });
  const std::vector<ir::RepeatedBlock> repetitions = RepetitionsOf(graph);
  if (!IsChain(repetitions, num_nodes, divided)) return {};
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

IdVector<ItemId, int32_t> SlicesOfGroups(const ir::Graph& graph, const NodeGrouping& groups) {
  constexpr int32_t kSeveral = -2;
  IdVector<ItemId, int32_t> slice_of(groups.num_groups, kWhole);
  for (const ir::NodeId node : graph.nodes()) {
    const ItemId group = groups.group_of[node];
    const std::optional<SliceOf> of = ParseSliceName(graph.node(node).name);
    if (!group.valid() || !of.has_value()) continue;
    const auto slice = static_cast<int32_t>(of->slice);
    int32_t& known = slice_of[group];
    known = known == kWhole || known == slice ? slice : kSeveral;
  }
  for (int32_t& slice : slice_of) slice = std::max(slice, kWhole);
  return slice_of;
}

ChainOfBlocks FindChainOfBlocks(const ir::Graph& graph, const NodeGrouping& groups) {
  const std::vector<ir::NodeId> order = graph.nodes();
  const std::vector<int32_t> blocks = BlocksOfPlaces(graph);
  ChainOfBlocks chain;
  if (blocks.empty()) return chain;
  chain.block_of.resize(groups.num_groups, 0);
  chain.slice_of = SlicesOfGroups(graph, groups);
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
