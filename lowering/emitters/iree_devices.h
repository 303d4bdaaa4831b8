// How IREE calls the devices of a target.
#pragma once

#include <string>

#include "target/target.h"

namespace allot {

// Symbols that need no quotes, one per device.
IdVector<DeviceId, std::string> IreeSymbols(const Target& target);

// What the compiler is told that a device is, "cuda[0]"; `cpu` numbers the devices that are CPUs.
// "DRIVER" where nothing follows from the target and the user has to say.
std::string IreeDriver(const Device& device, int64_t cpu);

}  // namespace allot
