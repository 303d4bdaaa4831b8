// Which machine needs which files, where a target's devices are in several.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lowering/emitter.h"

namespace allot {

struct HostFiles {
  std::string name;
  std::vector<std::string> devices;  // in the target's order
  std::vector<std::string> parts;    // ids, in launch order, on over the lanes
  std::vector<std::string> files;    // of these parts and of the data that they use, ascending
};

// The hosts in the order in which devices name them, also those without parts. Devices that name
// none, and what runs there, are in no entry; empty if no device names one.
absl::StatusOr<std::vector<HostFiles>> FilesByHost(const EmitInput& input);

}  // namespace allot
