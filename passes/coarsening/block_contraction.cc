#include "passes/coarsening/block_contraction.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "passes/coarsening/contraction.h"

namespace allot {
namespace {

// So that unlike devices may share out a layer of a decoder to some per cent.
constexpr size_t kFewestPieces = 12;

class BlockContraction {
 public:
  BlockContraction(const PlacementProblem& problem, const ChainOfBlocks& chain)
      : problem_(problem),
        block_of_(chain.block_of),
        slice_of_(chain.slice_of),
        items_(static_cast<size_t>(chain.num_blocks)),
        local_(problem.items.size(), -1),
        flows_(items_.size()),
        together_(problem.items.size(), false) {
    for (const ItemId item : problem.items.ids()) {
      std::vector<ItemId>& items = items_[static_cast<size_t>(chain.block_of[item])];
      local_[item] = static_cast<int32_t>(items.size());
      items.push_back(item);
    }
    for (const FlowId flow : problem.flows.ids()) {
      flows_[static_cast<size_t>(chain.block_of[problem.flows[flow].from])].push_back(flow);
    }
    for (const std::vector<ItemId>& group : problem.together) {
      for (const ItemId item : group) together_[item] = true;
    }
  }

  IdVector<ItemId, ItemId> Run(size_t max_groups, size_t& num_groups) {
    IdVector<ItemId, ItemId> group_of(problem_.items.size());
    num_groups = 0;
    for (size_t block = 0; block < items_.size(); ++block) {
      const std::vector<ItemId>& items = items_[block];
      if (items.empty()) continue;
      const Contracted& contracted = Contract(block, max_groups);
      for (const ItemId item : items) {
        const ItemId group = contracted.group_of[ItemId(local_[item])];
        group_of[item] = ItemId(num_groups + static_cast<size_t>(group.index()));
      }
      num_groups += contracted.num_groups;
    }
    return group_of;
  }

 private:
  struct Contracted {
    IdVector<ItemId, ItemId> group_of;  // by item of the block
    size_t num_groups = 0;
  };

  const Contracted& Contract(size_t block, size_t max_groups) {
    PlacementProblem inside;
    IdVector<ItemId, int32_t> slices;
    for (const ItemId item : items_[block]) {
      inside.items.Add(problem_.items[item]);
      slices.Add(slice_of_[item]);
    }
    for (const FlowId id : flows_[block]) {
      const PlacementProblem::Flow& flow = problem_.flows[id];
      PlacementProblem::Flow own{ItemId(local_[flow.from]), {}, flow.bytes, {}};
      for (const ItemId to : flow.to) {
        const bool is_inside = static_cast<size_t>(block_of_[to]) == block;
        if (is_inside) own.to.push_back(ItemId(local_[to]));
      }
      if (!own.to.empty()) inside.flows.Add(std::move(own));
    }
    for (const ItemId item : items_[block]) {
      if (together_[item]) inside.together.push_back({ItemId(local_[item])});
    }
    const auto [it, is_new] = known_.emplace(KeyOf(inside, slices), Contracted());
    if (!is_new) return it->second;
    inside.devices = problem_.devices;
    inside.routes = problem_.routes;
    inside.num_channels = problem_.num_channels;
    inside.communication = problem_.communication;
    const size_t items = items_[block].size();
    const size_t share = items * max_groups / problem_.items.size();
    it->second.group_of =
        ContractToSize(inside, std::max(share, kFewestPieces), it->second.num_groups, slices);
    return it->second;
  }

  static std::vector<int64_t> KeyOf(const PlacementProblem& inside,
                                    const IdVector<ItemId, int32_t>& slices) {
    std::vector<int64_t> key = {static_cast<int64_t>(inside.items.size())};
    key.insert(key.end(), slices.begin(), slices.end());
    for (const PlacementProblem::Item& item : inside.items) {
      key.push_back(item.memory);
      for (const std::optional<Picos>& time : item.time) key.push_back(time.value_or(-1));
    }
    for (const PlacementProblem::Flow& flow : inside.flows) {
      key.push_back(flow.bytes);
      key.push_back(flow.from.index());
      key.push_back(static_cast<int64_t>(flow.to.size()));
      for (const ItemId to : flow.to) key.push_back(to.index());
    }
    for (const std::vector<ItemId>& group : inside.together) key.push_back(group[0].index());
    return key;
  }

  const PlacementProblem& problem_;
  const IdVector<ItemId, int32_t>&block_of_, &slice_of_;
  std::vector<std::vector<ItemId>> items_;  // by block
  IdVector<ItemId, int32_t> local_;         // by item, its place in its block
  std::vector<std::vector<FlowId>> flows_;  // by block of the producer
  IdVector<ItemId, bool> together_;
  std::map<std::vector<int64_t>, Contracted> known_;
};

}  // namespace

IdVector<ItemId, ItemId> ContractBlocks(const PlacementProblem& problem, const ChainOfBlocks& chain,
                                        size_t max_groups, size_t& num_groups) {
  return BlockContraction(problem, chain).Run(max_groups, num_groups);
}

}  // namespace allot
