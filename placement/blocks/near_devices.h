// Which devices of a kind are near each other: those of one server.
#pragma once

#include <vector>

#include "placement/problem/problem.h"

namespace allot {

// The devices in groups, each within itself joined by routes as fast as any between two of them;
// groups by their first device, devices as given. O(devices^2).
std::vector<std::vector<DeviceId>> NearDevices(const PlacementProblem& problem,
                                               const std::vector<DeviceId>& devices);

// Whether the groups can be dealt out in sets of `width` devices, with none left over.
bool DealsOut(const std::vector<std::vector<DeviceId>>& groups, size_t width);

}  // namespace allot
