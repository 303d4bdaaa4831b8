// The schedule of a plan that trains, as events of Chrome's trace format.
#pragma once

#include <vector>

#include "lowering/emitter.h"
#include "support/json.h"

namespace allot {

// A process for each device with a stage, with a row for what it computes and one for what it
// sends; slices are named by the microbatch, and arrows go from a pass through what is sent to the
// pass that waits for it.
std::vector<Json> TrainingEvents(const EmitInput& input);

}  // namespace allot
