// Which devices to take where there are more than parts.
#pragma once

#include <cstddef>
#include <vector>

#include "target/target.h"

namespace allot {

// The `count` devices with the highest rate for 32-bit floats, of equals those that stand first, in
// the order of the target; all if there are no more. O(devices * log(devices)).
std::vector<DeviceId> FastestDevices(const Target& target, size_t count);

}  // namespace allot
