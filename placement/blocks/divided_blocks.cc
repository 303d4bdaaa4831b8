#include "placement/blocks/divided_blocks.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "placement/parts/parts.h"

namespace allot {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

// Blocks are small: enough to merge all that can be.
constexpr int64_t kPartEffort = 400;

constexpr Bytes kRoomForAll = std::numeric_limits<Bytes>::max() / 4;

}  // namespace

DividedBlocks::DividedBlocks(const PlacementProblem& problem,
                             std::vector<std::vector<ItemId>> items,
                             const IdVector<ItemId, int32_t>& slice_of,
                             PlacementObjective parts_for)
    : problem_(problem),
      items_(std::move(items)),
      slice_of_(slice_of),
      parts_for_(parts_for),
      block_of_(problem.items.size(), kNone),
      local_(problem.items.size(), 0),
      num_slices_(items_.size(), 1),
      flows_(items_.size()),
      shared_(items_.size()) {
  for (size_t block = 0; block < items_.size(); ++block) {
    for (size_t i = 0; i < items_[block].size(); ++i) {
      const ItemId item = items_[block][i];
      block_of_[item] = block;
      local_[item] = i;
      const auto slices = static_cast<size_t>(std::max(slice_of[item], 0)) + 1;
      num_slices_[block] = std::max(num_slices_[block], slices);
    }
  }
  for (const FlowId flow : problem.flows.ids()) {
    const size_t block = block_of_[problem.flows[flow].from];
    if (block != kNone) flows_[block].push_back(flow);
  }
  for (size_t i = 0; i < problem.shared.size(); ++i) {
    for (const ItemId item : problem.shared[i].items) {
      const size_t block = block_of_[item];
      if (block == kNone) continue;
      if (shared_[block].empty() || shared_[block].back() != i) shared_[block].push_back(i);
    }
  }
}

PlacementProblem DividedBlocks::Inside(size_t block) const {
  PlacementProblem inside;
  static_cast<Machine&>(inside) = problem_;
  static_cast<PlacementQuestion&>(inside) = problem_;
  inside.objective = parts_for_;
  for (PlacementProblem::MachineDevice& device : inside.devices) device.memory = kRoomForAll;
  for (const ItemId item : items_[block]) inside.items.Add(problem_.items[item]);
  for (const FlowId id : flows_[block]) {
    PlacementProblem::Flow flow = problem_.flows[id];
    flow.from = ItemId(local_[flow.from]);
    std::vector<ItemId> readers;
    for (const ItemId to : flow.to) {
      if (block_of_[to] == block) readers.push_back(ItemId(local_[to]));
    }
    flow.to = std::move(readers);
    if (!flow.to.empty()) inside.flows.Add(std::move(flow));
  }
  return inside;
}

std::optional<DividedCost> DividedBlocks::Measure(size_t block,
                                                  const std::vector<DeviceId>& devices,
                                                  size_t alike) {
  const PlacementProblem inside = Inside(block);
  const auto device_of = [&](ItemId item) {
    return devices[static_cast<size_t>(std::max(slice_of_[item], 0))];
  };
  std::vector<int64_t> key = {static_cast<int64_t>(alike), static_cast<int64_t>(devices.size())};
  for (const ItemId item : items_[block]) {
    const std::optional<Picos>& time = problem_.items[item].time[device_of(item)];
    key.insert(key.end(), {slice_of_[item], time.value_or(-1), problem_.items[item].memory});
  }
  for (const PlacementProblem::Flow& flow : inside.flows) {
    key.insert(key.end(), {flow.from.index(), flow.bytes, static_cast<int64_t>(flow.to.size())});
    for (const ItemId to : flow.to) key.push_back(to.index());
  }
  for (const size_t i : shared_[block]) key.push_back(problem_.shared[i].bytes);
  const auto [known, is_new] = known_.try_emplace(std::move(key));
  if (!is_new) return known->second;
  const bool runs = std::all_of(items_[block].begin(), items_[block].end(), [&](ItemId item) {
    return problem_.items[item].time[device_of(item)].has_value();
  });
  if (runs) known->second = Evaluate(block, inside, devices);
  return known->second;
}

DividedCost DividedBlocks::Evaluate(size_t block, const PlacementProblem& inside,
                                    const std::vector<DeviceId>& devices) const {
  const ProblemGraph graph = BuildGraph(inside);
  Solution solution{{}, graph.topological};
  for (const ItemId item : items_[block]) {
    solution.device_of.Add(devices[static_cast<size_t>(std::max(slice_of_[item], 0))]);
  }
  const Score score = FormParts(inside, graph, solution, kPartEffort).score;
  const Picos launch = problem_.devices[devices[0]].part_cost;
  DividedCost cost;
  cost.first = std::max<Picos>(score.load[devices[0]] - launch, 0);
  for (size_t member = 1; member < devices.size(); ++member) {
    cost.others = std::max(cost.others, score.load[devices[member]]);
  }
  cost.latency = std::max<Picos>(score.makespan - launch, 0);
  AddMemory(block, cost);
  return cost;
}

// What several blocks share is counted in each.
void DividedBlocks::AddMemory(size_t block, DividedCost& cost) const {
  std::vector<Bytes> held(num_slices_[block], 0);
  const auto member = [&](ItemId item) {
    return static_cast<size_t>(std::max(slice_of_[item], 0));
  };
  for (const ItemId item : items_[block]) {
    held[member(item)] = SaturatingAdd(held[member(item)], problem_.items[item].memory);
  }
  for (const size_t i : shared_[block]) {
    std::vector<char> has(held.size(), 0);
    for (const ItemId item : problem_.shared[i].items) {
      if (block_of_[item] == block) has[member(item)] = 1;
    }
    for (size_t m = 0; m < held.size(); ++m) {
      if (has[m] != 0) held[m] = SaturatingAdd(held[m], problem_.shared[i].bytes);
    }
  }
  cost.first_memory = held[0];
  for (size_t m = 1; m < held.size(); ++m) {
    cost.other_memory = std::max(cost.other_memory, held[m]);
  }
}

}  // namespace allot
