#include "passes/explaining/device_reasons.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "passes/coarsening/uncuttable.h"
#include "passes/explaining/barrier.h"
#include "passes/problem/memory_needs.h"

namespace allot {

DeviceReasons::DeviceReasons(const ir::Module& module, const ir::Plan& plan, const Target& target,
                             const BuiltProblem& built, const DeviceConstraints& constraints,
                             Moves* moves)
    : graph_(module.graph),
      plan_(plan),
      target_(target),
      built_(built),
      groups_(JoinedGroups(built.problem)),
      constraints_(constraints),
      moves_(moves),
      objective_(built.problem.objective == PlacementObjective::kLatency ? "latency" : "period") {}

DeviceReason DeviceReasons::Of(ItemId item) {
  const DeviceId device = plan_.device_of[ir::ClusterId(item.index())];
  DeviceReason reason;
  std::vector<std::string> reasons;
  if (std::optional<std::string> pin = Pin(item)) {
    reasons.push_back(*std::move(pin));
  } else if (std::optional<std::string> only = OnlyDevice(item, device)) {
    reasons.push_back(*std::move(only));
  } else {
    reasons.push_back(Objective(item, reason.next));
  }
  if (std::optional<std::string> held = HeldTogether(item)) reasons.push_back(*std::move(held));
  reason.text = absl::StrJoin(reasons, "; ");
  return reason;
}

// " (its node 'x')" where the cluster has others too.
std::string DeviceReasons::Which(ItemId item, ir::NodeId node) const {
  return built_.nodes[item].size() > 1 ? absl::StrCat(" (its node '", NodeName(node), "')") : "";
}

std::optional<std::string> DeviceReasons::Pin(ItemId item) const {
  for (const ir::NodeId node : built_.nodes[item]) {
    if (const Rule* pin = constraints_.PinOf(node); pin != nullptr) {
      return absl::StrCat("pinned by ", pin->text, Which(item, node));
    }
  }
  return std::nullopt;
}

std::optional<std::string> DeviceReasons::OnlyDevice(ItemId item, DeviceId device) const {
  std::vector<std::string> others;
  for (const DeviceId other : target_.devices.ids()) {
    if (other == device) continue;
    if (built_.problem.items[item].time[other].has_value()) return std::nullopt;
    if (const std::optional<Barrier> barrier =
            FindBarrier(constraints_, built_.nodes[item], other)) {
      others.push_back(absl::StrCat(barrier->why, Which(item, barrier->node)));
    }
  }
  if (others.empty()) return absl::StrCat(DeviceName(device), " is the only device");
  return absl::StrCat("only ", DeviceName(device), " can run it: ", absl::StrJoin(others, "; "));
}

std::vector<ItemId> DeviceReasons::WithCompany(ItemId item) const {
  for (const std::vector<ItemId>& group : groups_) {
    if (std::binary_search(group.begin(), group.end(), item)) return group;
  }
  return {item};
}

// What the objective would be with this one cluster, and what must be with it, on each other
// device.
std::string DeviceReasons::Objective(ItemId item, std::optional<ir::Alternative>& next) {
  if (!plan_.lanes.empty()) {
    return absl::StrCat("objective: ", ir::DescribeLane(plan_, 0, target_), " for ", plan_.share,
                        " of ", plan_.cycle(), " inferences, in turns with ",
                        plan_.lanes.size() == 1 ? ir::DescribeLane(plan_, 1, target_)
                                                : absl::StrCat(plan_.lanes.size(), " other lanes"));
  }
  if (moves_ == nullptr) {
    return absl::StrCat("objective: placed for the least ", objective_,
                        " (too large a model to try the alternatives one by one)");
  }
  const DeviceId device = plan_.device_of[ir::ClusterId(item.index())];
  const std::vector<ItemId> moved = WithCompany(item);
  std::vector<std::string> full, reasons;
  for (const DeviceId other : target_.devices.ids()) {
    const bool can_run = std::all_of(moved.begin(), moved.end(), [&](ItemId each) {
      return built_.problem.items[each].time[other].has_value();
    });
    if (other == device || !can_run) continue;
    const MoveOutcome outcome = moves_->Move(moved, other);
    if (outcome.feasible) {
      if (!next || outcome.value < next->value) next = ir::Alternative{other, outcome.value};
    } else if (!outcome.routed) {
      full.push_back(absl::StrCat(DeviceName(other), " cannot take it from or to its neighbours"));
    } else {
      full.push_back(absl::StrCat(DeviceName(other), " has no memory left for it (",
                                  DeviceName(outcome.full), " would have to hold ",
                                  MemoryText(outcome.needed), ")"));
    }
  }
  if (next) {
    const Picos change = next->value - moves_->value();
    reasons.push_back(absl::StrCat(
        "objective: on ", DeviceName(next->device),
        moved.size() > 1 ? ", with all that is kept together with it, it would "
                         : " alone it would ",
        change == 0 ? absl::StrCat("not change the ", objective_)
                    : absl::StrCat("change the ", objective_, " by ", change > 0 ? "+" : "-",
                                   AmountText(change > 0 ? change : -change))));
  }
  if (!full.empty()) reasons.push_back(absl::StrCat("memory: ", absl::StrJoin(full, ", ")));
  return absl::StrJoin(reasons, "; ");
}

// The first value inside the cluster that cannot cross between files.
std::optional<std::string> DeviceReasons::HeldTogether(ItemId item) const {
  for (const ir::NodeId node : built_.nodes[item]) {
    for (const ir::ValueId result : graph_.node(node).results) {
      const ir::Value& value = graph_.value(result);
      if (graph_.users(result).empty() || !IsUncuttable(value.type)) continue;
      return absl::StrCat("uncuttable: ", WhyUncuttable(value), ", so it cannot cross from '",
                          NodeName(node), "' to '", NodeName(graph_.users(result)[0]),
                          "' between files; ", RemedyFor(value.type));
    }
  }
  return std::nullopt;
}

}  // namespace allot
