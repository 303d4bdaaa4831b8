#include "placement/contiguous/stages/stage_problem.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "placement/problem/allowed_times.h"
#include "placement/problem/contiguity.h"
#include "support/graph/strong_components.h"
#include "support/status.h"

namespace allot {
namespace {

// Whether what a transfer costs a stage can be told without knowing the other end.
absl::Status CheckTransfers(const PlacementProblem& problem) {
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    if (flow.to.empty() || !flow.staging.empty()) continue;
    for (const DeviceId from : problem.devices.ids()) {
      for (const DeviceId to : problem.devices.ids()) {
        if (from == to) continue;
        if (problem.communication != Communication::kDelay) {
          return absl::UnimplementedError(absl::StrCat(
              "flow ", id.index(),
              ": the cost of a direct transfer depends on both ends; stage it through host memory "
              "or use communication 'delay'"));
        }
        if (!problem.TransferTime(id, from, to).has_value()) {
          return absl::UnimplementedError(absl::StrCat("flow ", id.index(), ": has no way from '",
                                                       problem.devices[from].name, "' to '",
                                                       problem.devices[to].name, "'"));
        }
      }
    }
  }
  return absl::OkStatus();
}

// Flows with the same ends cost as one; blocks ascend in a topological order.
class FlowMerger {
 public:
  void Add(int32_t from, std::vector<int32_t> to, const std::vector<Picos>& cost) {
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
    to.erase(std::remove(to.begin(), to.end(), from), to.end());
    if (to.empty()) return;
    if (std::all_of(cost.begin(), cost.end(), [](Picos c) { return c == 0; })) return;
    std::vector<Picos>& sum = costs_[{from, std::move(to)}];
    sum.resize(cost.size());
    for (size_t c = 0; c < cost.size(); ++c) sum[c] += cost[c];
  }

  std::vector<StageProblem::Flow> Take() {
    std::vector<StageProblem::Flow> flows;
    for (auto& [ends, cost] : costs_) flows.push_back({ends.first, ends.second, std::move(cost)});
    return flows;
  }

 private:
  std::map<std::pair<int32_t, std::vector<int32_t>>, std::vector<Picos>> costs_;
};

// Memory that one block alone shares is its own.
void AddShared(StageProblem& stages, Bytes bytes, std::vector<int32_t> blocks) {
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  if (blocks.empty() || bytes == 0) return;
  if (blocks.size() == 1) {
    stages.blocks[static_cast<size_t>(blocks[0])].memory += bytes;
  } else {
    stages.shared.push_back({bytes, std::move(blocks)});
  }
}

}  // namespace

absl::StatusOr<StageProblem> BuildStageProblem(const PlacementProblem& problem,
                                               const std::vector<int32_t>& device_classes) {
  if (problem.objective != PlacementObjective::kThroughput) {
    return absl::UnimplementedError("stages of a pipeline are for throughput, not for latency");
  }
  ALLOT_RETURN_IF_ERROR(CheckTransfers(problem));
  StageProblem stages;
  for (const DeviceId device : problem.devices.ids()) {
    const int32_t first = device_classes[static_cast<size_t>(device.index())];
    StageProblem::Class* found = nullptr;
    for (StageProblem::Class& known : stages.classes) {
      if (known.devices[0].index() == first) found = &known;
    }
    const PlacementProblem::MachineDevice& machine = problem.devices[device];
    if (found == nullptr) {
      found = &stages.classes.emplace_back();
      found->memory = machine.memory;
      found->launch = problem.launch_on_arrival ? machine.part_cost : 0;
    }
    found->devices.push_back(device);
  }
  const ContiguityBlocks blocks = BuildContiguityBlocks(problem);
  const auto block_of = [&blocks](ItemId item) { return blocks.block_of[item]; };
  stages.blocks.resize(static_cast<size_t>(blocks.num_blocks));
  for (StageProblem::Block& block : stages.blocks) block.time.resize(stages.classes.size());
  for (const ItemId item : problem.items.ids()) {
    StageProblem::Block& block = stages.blocks[static_cast<size_t>(block_of(item))];
    block.items.push_back(item);
    block.memory += problem.items[item].memory;
    for (size_t c = 0; c < stages.classes.size(); ++c) {
      const std::optional<Picos>& time = problem.items[item].time[stages.classes[c].devices[0]];
      if (!time.has_value()) block.time[c] = kNotAllowed;
      if (block.time[c] != kNotAllowed) block.time[c] += *time;
    }
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    std::vector<int32_t> holders;
    for (const ItemId item : shared.items) holders.push_back(block_of(item));
    AddShared(stages, shared.bytes, std::move(holders));
  }
  for (StageProblem::Block& block : stages.blocks) {
    for (size_t c = 0; c < stages.classes.size(); ++c) {
      if (block.memory > stages.classes[c].memory) block.time[c] = kNotAllowed;
    }
  }
  FlowMerger flows;
  for (const PlacementProblem::Flow& flow : problem.flows) {
    if (flow.staging.empty() || problem.communication != Communication::kBlocking) continue;
    std::vector<int32_t> to;
    for (const ItemId item : flow.to) to.push_back(block_of(item));
    std::vector<Picos> cost;
    for (const StageProblem::Class& each : stages.classes) {
      cost.push_back(flow.staging[each.devices[0]]);
    }
    flows.Add(block_of(flow.from), std::move(to), cost);
  }
  stages.flows = flows.Take();
  for (int32_t block = 0; block < blocks.num_blocks; ++block) {
    for (const int32_t after : blocks.order.successors(block)) {
      stages.order.emplace_back(block, after);
    }
  }
  return stages;
}

StageProblem MergeBlocks(const StageProblem& problem, const std::vector<int32_t>& group_of,
                         int32_t num_groups) {
  const auto group = [&group_of](int32_t block) { return group_of[static_cast<size_t>(block)]; };
  std::vector<WeightedEdge> edges;
  for (const auto& [before, after] : problem.order) edges.push_back({group(before), group(after)});
  // Components of an acyclic graph are its vertices, numbered topologically.
  const StrongComponents numbering = FindStrongComponents(CsrGraph(num_groups, std::move(edges)));
  const auto number = [&](int32_t block) {
    return numbering.component_of[static_cast<size_t>(group(block))];
  };
  StageProblem merged;
  merged.classes = problem.classes;
  merged.blocks.resize(static_cast<size_t>(num_groups));
  for (StageProblem::Block& block : merged.blocks) block.time.resize(problem.classes.size());
  for (int32_t b = 0; b < problem.num_blocks(); ++b) {
    const StageProblem::Block& block = problem.blocks[static_cast<size_t>(b)];
    StageProblem::Block& into = merged.blocks[static_cast<size_t>(number(b))];
    into.items.insert(into.items.end(), block.items.begin(), block.items.end());
    into.memory += block.memory;
    for (size_t c = 0; c < into.time.size(); ++c) {
      if (block.time[c] == kNotAllowed) into.time[c] = kNotAllowed;
      if (into.time[c] != kNotAllowed) into.time[c] += block.time[c];
    }
  }
  for (const StageProblem::Shared& shared : problem.shared) {
    std::vector<int32_t> blocks;
    for (const int32_t block : shared.blocks) blocks.push_back(number(block));
    AddShared(merged, shared.bytes, std::move(blocks));
  }
  FlowMerger flows;
  for (const StageProblem::Flow& flow : problem.flows) {
    std::vector<int32_t> to;
    for (const int32_t block : flow.to) to.push_back(number(block));
    flows.Add(number(flow.from), std::move(to), flow.cost);
  }
  merged.flows = flows.Take();
  for (const auto& [before, after] : problem.order) {
    if (number(before) != number(after)) merged.order.emplace_back(number(before), number(after));
  }
  std::sort(merged.order.begin(), merged.order.end());
  merged.order.erase(std::unique(merged.order.begin(), merged.order.end()), merged.order.end());
  return merged;
}

}  // namespace allot
