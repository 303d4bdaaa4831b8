// What measuring told of the machine itself: what launching a part costs, and moving a tensor.
#pragma once

#include "target/cost_models/measured.h"
#include "target/target.h"

namespace allot {

// Replaces the part_cost of devices with a measured launch, and the route of every ordered pair of
// devices with measured transfers by one of the latency and bandwidth that fit them
// (transfer_fit.h). Of several rows those count that name the sender most closely, then the
// receiver, see DeviceMatch(). Routes keep their channels; devices that nothing joined in that
// direction become joined by a channel of their own. All other routes stay, also those that pass
// two measured devices on their way. target.links keep describing the wires.
void ApplyMeasuredMachine(const MeasuredCosts& costs, Target& target);

}  // namespace allot
