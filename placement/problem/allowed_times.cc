#include "placement/problem/allowed_times.h"

namespace allot {

std::vector<Picos> AllowedTimes(const PlacementProblem& problem,
                                const std::vector<std::vector<ItemId>>& joined_groups) {
  const size_t num_devices = problem.devices.size();
  std::vector<Picos> times;
  times.reserve(problem.items.size() * num_devices);
  for (const PlacementProblem::Item& item : problem.items) {
    for (const DeviceId device : problem.devices.ids()) {
      const bool fits = item.memory <= problem.devices[device].memory;
      times.push_back(fits ? item.time[device].value_or(kNotAllowed) : kNotAllowed);
    }
  }
  for (const std::vector<ItemId>& group : joined_groups) {
    Bytes memory = 0;
    for (const ItemId item : group) memory = SaturatingAdd(memory, problem.items[item].memory);
    for (const DeviceId device : problem.devices.ids()) {
      const auto at = [&](ItemId item) -> Picos& {
        return times[static_cast<size_t>(item.index()) * num_devices +
                     static_cast<size_t>(device.index())];
      };
      bool allowed = memory <= problem.devices[device].memory;
      for (const ItemId item : group) allowed = allowed && at(item) != kNotAllowed;
      if (allowed) continue;
      for (const ItemId item : group) at(item) = kNotAllowed;
    }
  }
  return times;
}

}  // namespace allot
