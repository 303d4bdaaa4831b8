#include "placement/problem/allowed_times.h"

namespace allot {

ItemTimes AllowedTimes(const PlacementProblem& problem,
                       const std::vector<std::vector<ItemId>>& joined_groups) {
  ItemTimes times(problem.items.size(), problem.devices.size(), kNotAllowed);
  for (const ItemId id : problem.items.ids()) {
    const PlacementProblem::Item& item = problem.items[id];
    for (const DeviceId device : problem.devices.ids()) {
      if (item.memory > problem.devices[device].memory) continue;
      times(id, device) = item.time[device].value_or(kNotAllowed);
    }
  }
  for (const std::vector<ItemId>& group : joined_groups) {
    Bytes memory = 0;
    for (const ItemId item : group) memory = SaturatingAdd(memory, problem.items[item].memory);
    for (const DeviceId device : problem.devices.ids()) {
      bool allowed = memory <= problem.devices[device].memory;
      for (const ItemId item : group) allowed = allowed && times(item, device) != kNotAllowed;
      if (allowed) continue;
      for (const ItemId item : group) times(item, device) = kNotAllowed;
    }
  }
  return times;
}

std::optional<IdVector<ItemId, DeviceId>> ForcedPlacement(const PlacementProblem& problem) {
  IdVector<ItemId, DeviceId> placement(problem.items.size());
  for (const ItemId item : problem.items.ids()) {
    const auto& time = problem.items[item].time;
    for (const DeviceId device : problem.devices.ids()) {
      if (!time[device].has_value()) continue;
      if (placement[item].valid()) return std::nullopt;
      placement[item] = device;
    }
    if (!placement[item].valid()) return std::nullopt;
  }
  return placement;
}

}  // namespace allot
