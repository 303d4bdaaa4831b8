// What a plan pass may count on having been done before it, with messages that name what is missing
// and the pass that makes it.
#pragma once

#include "absl/status/status.h"

#include "passes/pass.h"

namespace allot {

enum class PlanStage { kFeatures, kClusters, kPlacement, kParts };

// An error unless the plan of `graph` has reached `stage`. The runner adds the name of the pass.
absl::Status RequireStage(const ir::Graph& graph, const ir::Plan& plan, PlanStage stage);

// An error unless there is a machine to place on and a way to tell what operators cost there.
absl::Status RequireMachine(const PassContext& context);

}  // namespace allot
