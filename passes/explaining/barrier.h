// What keeps a cluster off a device, whatever it would be worth there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/plan.h"
#include "passes/nodes/device_constraints.h"

namespace allot {

struct Barrier {
  ir::CutCause cause = ir::CutCause::kSupport;  // kSupport or kPin
  std::string why;  // "gpu0 does not support Softmax", "pinned to cpu0 by --pin 'a=cpu0'"
  ir::NodeId node;  // whose
};

// The first node that the device cannot run; else the first that a rule keeps off; else nullopt.
std::optional<Barrier> FindBarrier(const DeviceConstraints& constraints,
                                   const std::vector<ir::NodeId>& nodes, DeviceId device);

}  // namespace allot
