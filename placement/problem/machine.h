// What things are placed on, as numbers: shared by all kinds of problems.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"

#include "support/id.h"
#include "support/units.h"
#include "target/target.h"

namespace allot {

// Devices in the order that all arrays by device follow, and in which machines that have one (a
// ring, a chain) are laid out.
struct Machine {
  struct MachineDevice {
    std::string name;
    Bytes memory = 0;
    Picos part_cost = 0;  // paid by every part
    // kCalls only: runs any number of items at once, each by itself as soon as its inputs are
    // there, next to host memory (stores and loads take no time).
    bool pool = false;
    // At most so many parts, 0: any number. Counts where parts are formed (parts.h); solvers of
    // items ignore it.
    int64_t max_parts = 0;
  };

  IdVector<DeviceId, MachineDevice> devices;
  size_t num_channels = 0;
  IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>> routes;
};

// There are devices, sizes and times are in range, routes lead between devices over channels that
// exist. `routes` may be empty.
absl::Status CheckMachine(const Machine& machine);

}  // namespace allot
