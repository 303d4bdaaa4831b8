// A plan and its schedule against the rules, from the definitions. Shares no code with what
// evaluates or finds plans.
#pragma once

#include "absl/status/status.h"

#include "placement/trained/chain.h"
#include "placement/trained/schedule.h"

namespace allot {

// That stages share out all cells in order, each on a device of its own that runs them forward and
// backward, cut where that is allowed; that memories hold what stages keep at the fullest moment of
// the schedule; that every microbatch goes forward and then backward through all stages, each
// device doing one thing at a time, tensors being there before they are used and channels carrying
// one at a time; that period and iteration are what follows. Errors begin with the name of the rule
// that is broken. O(stages * all that the chain has + steps^2 of a stage).
absl::Status VerifyTrained(const TrainedChain& chain, const TrainedPlan& plan,
                           const TrainedSchedule& schedule);

}  // namespace allot
