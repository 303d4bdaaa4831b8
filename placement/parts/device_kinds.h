// Devices that are alike by themselves, whatever links they have.
#pragma once

#include <vector>

#include "placement/problem/problem.h"

namespace allot {

// Devices with the same memory, launch and time of every item, as numbered; kinds by their first
// device. Unlike the classes of device_symmetry.h, those of one kind may differ in how they are
// reached: GPUs of one make in several servers. Only `use`d devices. O(devices * kinds * (items +
// flows)).
std::vector<std::vector<DeviceId>> DeviceKinds(const PlacementProblem& problem,
                                               const IdVector<DeviceId, bool>& use);

}  // namespace allot
