// What a plan pass may count on having been done before it, with messages that name what is missing
// and the pass that makes it. Plans may come from text, so tables are checked before anyone looks
// something up in them.
#pragma once

#include "absl/status/status.h"

#include "ir/plan_stages.h"
#include "passes/pipeline/pass.h"

namespace allot {

// An error unless the plan of the module has reached `stage`, one of kCosts, kClusters, kPlacement
// and kParts, and is sound as far as ids go: those
// of kernels, clusters and modules are below the number of nodes, devices are the target's, the
// order names every cluster once and producers first, parts are dense and on the device of their
// clusters. What the stages before it hold is checked as well. Linear. The runner adds the name of
// the pass.
absl::Status RequireStage(const ir::Module& module, const ir::Plan& plan,
                          const PassContext& context, ir::PlanStage stage);

// The error for a placement that does not hold: something lies where it cannot run or does not fit,
// or has to go where no route leads.
absl::Status MisplacedError();

// An error unless there is a machine to place on and a way to tell what operators cost there.
absl::Status RequireMachine(const PassContext& context);

}  // namespace allot
