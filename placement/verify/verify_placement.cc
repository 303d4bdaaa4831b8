// What needs no schedule, from the definitions.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "placement/verify/verify.h"
#include "placement/verify/violation.h"
#include "support/status.h"

namespace allot {
namespace {

class PlacementExamination {
 public:
  PlacementExamination(const PlacementProblem& problem, const Solution& solution)
      : problem_(problem), solution_(solution) {}

  absl::Status Shape() const {
    const size_t n = problem_.items.size();
    if (solution_.device_of.size() != n) {
      return Violation("the placement has ", solution_.device_of.size(), " items instead of ", n);
    }
    if (solution_.order.size() != n) {
      return Violation("the order has ", solution_.order.size(), " items instead of ", n);
    }
    if (!solution_.call_of.empty() && solution_.call_of.size() != n) {
      return Violation("the calls are given for ", solution_.call_of.size(), " items instead of ",
                       n);
    }
    for (const ItemId item : problem_.items.ids()) {
      const DeviceId device = solution_.device_of[item];
      if (!problem_.devices.Contains(device)) {
        return Violation(Name(item), " is on device ", device.index(), ", which does not exist");
      }
      if (!problem_.items[item].time[device].has_value()) {
        return Violation(Name(item), " is on ", Name(device), ", which cannot run it");
      }
    }
    return absl::OkStatus();
  }

  absl::Status Groups() const {
    for (const std::vector<ItemId>& group : problem_.together) {
      for (const ItemId item : group) {
        if (solution_.device_of[item] != solution_.device_of[group[0]]) {
          return Violation(Name(item), " and ", Name(group[0]), " must share a device");
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status Order() const {
    IdVector<ItemId, int64_t> position(problem_.items.size(), -1);
    for (size_t i = 0; i < solution_.order.size(); ++i) {
      const ItemId item = solution_.order[i];
      if (!problem_.items.Contains(item)) {
        return Violation("the order names item ", item.index(), ", which does not exist");
      }
      if (position[item] >= 0) return Violation(Name(item), " stands in the order twice");
      position[item] = static_cast<int64_t>(i);
    }
    for (const PlacementProblem::Flow& flow : problem_.flows) {
      for (const ItemId to : flow.to) {
        if (position[to] < position[flow.from]) {
          return Violation(Name(to), " stands in the order before ", Name(flow.from),
                           ", which feeds it");
        }
      }
    }
    return absl::OkStatus();
  }

  // A tensor that is read elsewhere is staged, measured or has a route.
  absl::Status Routes() const {
    for (const FlowId id : problem_.flows.ids()) {
      const PlacementProblem::Flow& flow = problem_.flows[id];
      if (!flow.staging.empty() || !flow.time.empty()) continue;
      const DeviceId from = solution_.device_of[flow.from];
      for (const ItemId item : flow.to) {
        const DeviceId to = solution_.device_of[item];
        if (to == from) continue;
        if (!problem_.routes.empty() && problem_.routes[from][to].has_value()) continue;
        return Violation("flow ", id.index(), " has no route from ", Name(from), " to ", Name(to));
      }
    }
    return absl::OkStatus();
  }

  // Pools have a call of its own for each item.
  absl::Status CallNumbers() const {
    for (const ItemId item : problem_.items.ids()) {
      const DeviceId device = solution_.device_of[item];
      const int32_t call = solution_.call_of.empty() ? 0 : solution_.call_of[item];
      if (problem_.devices[device].pool || (call >= 0 && call < problem_.calls_per_device))
        continue;
      return Violation(Name(item), " is in call ", call, " of ", Name(device), ", which makes ",
                       problem_.calls_per_device, " at most");
    }
    return absl::OkStatus();
  }

  // The devices without those that nothing enters, again and again, are none.
  absl::Status Contiguity() const {
    std::map<ItemId, ItemId> leader;  // of items in groups: the least that is known to be with them
    for (const ItemId item : problem_.items.ids()) leader[item] = item;
    for (size_t changed = 1; changed > 0;) {
      changed = 0;
      for (const std::vector<ItemId>& group : problem_.together) {
        ItemId least = leader[group.empty() ? ItemId(0) : group[0]];
        for (const ItemId item : group) least = std::min(least, leader[item]);
        for (const ItemId item : group) {
          if (leader[item] != least) ++changed;
          leader[item] = least;
        }
      }
    }
    std::set<ItemId> forward;  // leaders of sets with forward items
    for (const auto& [item, first] : leader) {
      if (!problem_.items[item].backward) forward.insert(first);
    }
    std::set<std::pair<DeviceId, DeviceId>> leads;
    for (const PlacementProblem::Flow& flow : problem_.flows) {
      const DeviceId from = solution_.device_of[flow.from];
      for (const ItemId consumer : flow.to) {
        const DeviceId to = solution_.device_of[consumer];
        const bool back = problem_.items[flow.from].backward;
        if (from == to || back != problem_.items[consumer].backward) continue;
        if (!back) leads.emplace(from, to);
        if (back &&
            (forward.count(leader[flow.from]) == 0 || forward.count(leader[consumer]) == 0)) {
          leads.emplace(to, from);
        }
      }
    }
    std::set<DeviceId> left;
    for (const DeviceId device : problem_.devices.ids()) left.insert(device);
    while (!left.empty()) {
      std::set<DeviceId> entered;
      for (const auto& [from, to] : leads) {
        if (left.count(from) > 0) entered.insert(to);
      }
      std::set<DeviceId> rest;
      for (const DeviceId device : left) {
        if (entered.count(device) > 0) rest.insert(device);
      }
      if (rest.size() == left.size()) {
        return Violation(Name(*left.begin()),
                         " is not contiguous: what it feeds leads back to what it holds");
      }
      left = std::move(rest);
    }
    return absl::OkStatus();
  }

 private:
  std::string Name(ItemId item) const { return NameOf(problem_, item); }
  std::string Name(DeviceId device) const { return NameOf(problem_, device); }

  const PlacementProblem& problem_;
  const Solution& solution_;
};

}  // namespace

absl::Status VerifyPlacement(const PlacementProblem& problem, const Solution& solution) {
  const PlacementExamination examination(problem, solution);
  ALLOT_RETURN_IF_ERROR(examination.Shape());
  ALLOT_RETURN_IF_ERROR(examination.Groups());
  ALLOT_RETURN_IF_ERROR(examination.Order());
  if (problem.execution == Execution::kCalls) return examination.CallNumbers();
  ALLOT_RETURN_IF_ERROR(examination.Routes());
  return problem.contiguous ? examination.Contiguity() : absl::OkStatus();
}

}  // namespace allot
