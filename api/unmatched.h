// Warnings of what was asked for and meets nothing in the model: most often it is misspelt.
#pragma once

#include "absl/status/status.h"

#include "api/compile_options.h"
#include "api/placement_setup.h"
#include "ir/module.h"
#include "ir/plan.h"
#include "passes/pipeline/pass.h"
#include "support/diagnostics.h"

namespace allot {

// Sizes of dimensions, rows of measured costs, operators of devices, rules; and times that are too
// long to be counted. `context` is that of the plan's passes.
absl::Status ReportUnmatched(const CompileOptions& options, const PlacementSetup& setup,
                             const ir::Module& module, const ir::Plan& plan,
                             const PassContext& context, Diagnostics& diagnostics);

}  // namespace allot
