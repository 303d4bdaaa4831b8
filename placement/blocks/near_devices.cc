#include "placement/blocks/near_devices.h"

#include <algorithm>

namespace allot {
namespace {

constexpr Bytes kProbe = 1 << 20;

// What a tensor takes from one to the other and back; kMaxPicos where there is no way.
Picos Distance(const PlacementProblem& problem, DeviceId a, DeviceId b) {
  if (problem.routes.empty()) return 0;
  const std::optional<Route>&there = problem.routes[a][b], &back = problem.routes[b][a];
  if (!there.has_value() || !back.has_value()) return kMaxPicos;
  return SaturatingAdd(there->Time(kProbe), back->Time(kProbe));
}

}  // namespace

std::vector<std::vector<DeviceId>> NearDevices(const PlacementProblem& problem,
                                               const std::vector<DeviceId>& devices) {
  Picos nearest = kMaxPicos;
  for (const DeviceId a : devices) {
    for (const DeviceId b : devices) {
      if (a != b) nearest = std::min(nearest, Distance(problem, a, b));
    }
  }
  std::vector<std::vector<DeviceId>> groups;
  for (const DeviceId device : devices) {
    const auto near = [&](const std::vector<DeviceId>& group) {
      return nearest < kMaxPicos && std::all_of(group.begin(), group.end(), [&](DeviceId member) {
               return Distance(problem, member, device) == nearest;
             });
    };
    const auto group = std::find_if(groups.begin(), groups.end(), near);
    if (group == groups.end()) {
      groups.push_back({device});
    } else {
      group->push_back(device);
    }
  }
  return groups;
}

bool DealsOut(const std::vector<std::vector<DeviceId>>& groups, size_t width) {
  return std::all_of(groups.begin(), groups.end(), [width](const std::vector<DeviceId>& group) {
    return group.size() % width == 0;
  });
}

}  // namespace allot
