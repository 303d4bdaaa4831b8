#include "placement/parts/device_kinds.h"

#include "placement/problem/device_symmetry.h"

namespace allot {

std::vector<std::vector<DeviceId>> DeviceKinds(const PlacementProblem& problem,
                                               const IdVector<DeviceId, bool>& use) {
  const std::vector<int32_t> alike = DevicesAlike(problem);
  std::vector<std::vector<DeviceId>> kinds;
  std::vector<size_t> kind_of(alike.size());  // by the first device of a kind that is used
  std::vector<bool> seen(alike.size());
  for (const DeviceId d : problem.devices.ids()) {
    if (!use[d]) continue;
    const auto like = static_cast<size_t>(alike[static_cast<size_t>(d.index())]);
    if (!seen[like]) {
      seen[like] = true;
      kind_of[like] = kinds.size();
      kinds.emplace_back();
    }
    kinds[kind_of[like]].push_back(d);
  }
  return kinds;
}

}  // namespace allot
