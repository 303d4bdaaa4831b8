// Devices that cannot be told apart: exchanging two of them changes the value of no placement.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/problem/problem.h"

namespace allot {

// By device: the smallest device that it may be exchanged with, itself if there is none. Compares
// times, memory, part costs, measured and staged transfers, routes and the channels they share.
// Exact up to the order in which transfers of one instant are served (evaluate.h: by device
// number), which matters under kLink and kBlocking only. O(devices^3 + devices^2 * (items + devices
// * flows)).
std::vector<int32_t> DeviceClasses(const PlacementProblem& problem);

// By device: the smallest that computes, launches and holds as much, wherever links lead. What is
// exchanged between such devices has to be evaluated again. O(devices^2 * (items + flows)).
std::vector<int32_t> DevicesAlike(const PlacementProblem& problem);

}  // namespace allot
