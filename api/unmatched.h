// Warnings of what was asked for and meets nothing in the model: most often it is misspelt.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "api/compile_options.h"
#include "api/placement_setup.h"
#include "ir/module.h"
#include "ir/plan.h"
#include "passes/pipeline/pass.h"
#include "support/diagnostics.h"

namespace allot {

// The names of the graph's open dimensions, in order.
std::vector<std::string> SymbolsOf(const ir::Graph& graph);

// Warns of each size, given as `flag` ("--dim="), of a dimension that is not among `known`.
void ReportUnknownDims(const std::map<std::string, int64_t>& sizes, absl::string_view flag,
                       const std::vector<std::string>& known, Diagnostics& diagnostics);

// Sizes of dimensions, rows of measured costs, operators of devices, rules; and times that are too
// long to be counted. `context` is that of the plan's passes.
absl::Status ReportUnmatched(const CompileOptions& options, const PlacementSetup& setup,
                             const ir::Module& module, const ir::Plan& plan,
                             const PassContext& context, Diagnostics& diagnostics);

}  // namespace allot
