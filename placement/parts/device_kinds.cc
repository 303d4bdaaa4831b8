#include "placement/parts/device_kinds.h"

#include <algorithm>

namespace allot {
namespace {

bool AreAlike(const PlacementProblem& problem, DeviceId a, DeviceId b) {
  const auto& one = problem.devices[a];
  const auto& other = problem.devices[b];
  return one.memory == other.memory && one.part_cost == other.part_cost &&
         one.max_parts == other.max_parts &&
         std::all_of(problem.items.begin(), problem.items.end(),
                     [&](const auto& item) { return item.time[a] == item.time[b]; });
}

}  // namespace

std::vector<std::vector<DeviceId>> DeviceKinds(const PlacementProblem& problem,
                                               const IdVector<DeviceId, bool>& use) {
  std::vector<std::vector<DeviceId>> kinds;
  for (const DeviceId d : problem.devices.ids()) {
    if (!use[d]) continue;
    const auto it = std::find_if(
        kinds.begin(), kinds.end(),
        [&](const std::vector<DeviceId>& kind) { return AreAlike(problem, kind[0], d); });
    if (it == kinds.end()) {
      kinds.push_back({d});
    } else {
      it->push_back(d);
    }
  }
  return kinds;
}

}  // namespace allot
