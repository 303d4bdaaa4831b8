#include "passes/problem/chip_module.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "placement/kinds/chips/model/copies.h"
#include "support/status.h"

namespace allot {
namespace {

bool AreAlike(const Device& a, const Device& b) {
  return a.memory == b.memory && a.flops == b.flops && a.memory_bandwidth == b.memory_bandwidth &&
         a.part_cost == b.part_cost && a.op_cost == b.op_cost;
}

bool AreLinked(const Target& target, const std::string& a, const std::string& b) {
  return std::any_of(target.links.begin(), target.links.end(), [&](const Link& link) {
    return (link.from == a && link.to == b) || (link.from == b && link.to == a);
  });
}

absl::Status CheckModule(const Target& target) {
  const auto chips = static_cast<int64_t>(target.devices.size());
  if (chips > chips::kMaxChips) {
    return InputError("target '", target.name, "' has ", chips, " chips; a module has at most ",
                      chips::kMaxChips);
  }
  for (size_t i = 1; i < target.devices.size(); ++i) {
    const Device& device = target.devices[DeviceId(i)];
    const Device& before = target.devices[DeviceId(i - 1)];
    if (!AreAlike(device, target.devices[DeviceId(0)])) {
      return InputError("target '", target.name, "': chips ", device.name, " and ",
                        target.devices[DeviceId(0)].name,
                        " are unlike; the chips of a module are equal");
    }
    if (!AreLinked(target, before.name, device.name)) {
      return InputError("target '", target.name, "': there is no link between ", before.name,
                        " and ", device.name,
                        "; the chips of a module are linked in the order of the devices");
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsChipModule(const Target& target) {
  return target.devices.size() > 1 &&
         std::all_of(target.devices.begin(), target.devices.end(),
                     [](const Device& device) { return device.kind == kChipKind; });
}

absl::StatusOr<ChipsOfPlan> MakeChipsOfPlan(const BuiltProblem& built, const Target& target) {
  ALLOT_RETURN_IF_ERROR(CheckModule(target));
  const PlacementProblem& problem = built.problem;
  if (!problem.together.empty()) {
    return InputError("rules that keep nodes together are not known on a module of chips");
  }
  ChipsOfPlan result;
  chips::Problem& chips = result.problem;
  chips.chips = static_cast<int32_t>(target.devices.size());
  const DeviceId first(0), second(1), last(target.devices.size() - 1);
  const bool closed = target.devices.size() > 2 &&
                      AreLinked(target, target.devices[first].name, target.devices[last].name);
  chips.topology = closed ? chips::Topology::kTwoWayRing : chips::Topology::kOneWayRing;

  result.number = IdVector<ItemId, int32_t>(problem.items.size());
  Bytes workspace = 0;
  for (const ItemId item : built.graph.topological) {
    const PlacementProblem::Item& from = problem.items[item];
    result.number[item] = static_cast<int32_t>(chips.nodes.size());
    chips::Node& node = chips.nodes.emplace_back();
    node.name = from.name;
    for (const DeviceId device : problem.devices.ids()) {
      if (from.time[device].has_value()) continue;
      return InputError("'", from.name, "' may not run on ", problem.devices[device].name,
                        "; on a module of chips every node may run on every chip, and rules that "
                        "pin or forbid are not known");
    }
    node.work = *from.time[first];
    node.weights = from.memory;
    workspace = std::max(workspace, from.workspace);
    for (const ItemId before : built.graph.predecessors[item]) {
      node.reads.push_back(result.number[before]);
    }
    std::sort(node.reads.begin(), node.reads.end());
  }
  for (const FlowId flow : problem.flows.ids()) {
    const PlacementProblem::Flow& from = problem.flows[flow];
    chips::Node& node = chips.nodes[static_cast<size_t>(result.number[from.from])];
    node.output = SaturatingAdd(node.output, from.bytes);
    node.transfer =
        SaturatingAdd(node.transfer, problem.TransferTime(flow, first, second).value_or(0));
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    for (const ItemId item : shared.items) {
      Bytes& weights = chips.nodes[static_cast<size_t>(result.number[item])].weights;
      weights = SaturatingAdd(weights, shared.bytes);
    }
  }
  chips.memory = std::max<Bytes>(problem.devices[first].memory - workspace, 0);
  // What copy-cones has copied goes with its reader.
  chips::MarkCopies(chips::UsualCopyLimits(chips), chips);
  std::vector<int32_t> readers(chips.nodes.size());
  for (const chips::Node& node : chips.nodes) {
    for (const int32_t from : node.reads) ++readers[static_cast<size_t>(from)];
  }
  for (size_t v = 0; v < chips.nodes.size(); ++v) {
    // In a plan a node is in one place: what several read is copied by the graph pass or not at
    // all.
    chips.nodes[v].copied = chips.nodes[v].copied && readers[v] == 1;
    for (const int32_t from : chips.nodes[v].reads) {
      chips.nodes[v].copied =
          chips.nodes[v].copied && chips.nodes[static_cast<size_t>(from)].copied;
    }
  }
  ALLOT_RETURN_IF_ERROR(chips::Check(chips), "the plan as a problem of chips: ");
  return result;
}

absl::StatusOr<chips::ChipsBound> BoundOfModule(const BuiltProblem& built, const Target& target) {
  if (built.problem.items.empty()) return chips::ChipsBound();
  ALLOT_ASSIGN_OR_RETURN(ChipsOfPlan chips, MakeChipsOfPlan(built, target));
  // A plan may have them on any chip, and sends only what is read elsewhere.
  for (chips::Node& node : chips.problem.nodes) {
    node.copied = false;
    node.transfer = 0;
  }
  chips.problem.memory.reset();
  const chips::Compiled compiled(chips.problem);
  return chips::BoundOf(chips::RuleGraph(compiled));
}

}  // namespace allot
