// What Compile() and Plan() have in common: from a frozen module to a placed one.
#pragma once

#include "absl/status/statusor.h"

#include "api/compilation.h"
#include "api/compile_options.h"
#include "api/placement_setup.h"
#include "api/prepared_model.h"
#include "passes/pipeline/pass.h"
#include "passes/pipeline/pipeline.h"

namespace allot {

// Runs the plan passes of `pipeline`, and warns of what was asked for in vain. `context` is one of
// `setup`, with analyses; what the result needs is taken out of `setup`.
absl::StatusOr<Compilation> PlanPrepared(const PreparedModel& model, const Pipeline& pipeline,
                                         const CompileOptions& options, PlacementSetup& setup,
                                         PassContext& context, const RunOptions& run);

}  // namespace allot
