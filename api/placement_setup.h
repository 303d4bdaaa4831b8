// From options to what a pipeline runs with: the machine, costs, solvers, sizes, a plan to start
// from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/compile_options.h"
#include "ir/operator_schemas.h"
#include "lowering/provenance.h"
#include "operators/inference/dim_bindings.h"
#include "operators/operators.h"
#include "passes/pipeline/pass.h"
#include "passes/problem/start_plan.h"
#include "placement/solver.h"
#include "support/diagnostics.h"
#include "support/registry.h"
#include "target/cost_model.h"
#include "target/cost_models/measured.h"
#include "target/target.h"

namespace allot {

// What a pipeline needs besides a module, made from options; owns it.
struct PlacementSetup {
  Target target;  // the command line's rules before its own; launches and routes as measured
  std::unique_ptr<CostModel> cost_model;
  std::vector<MeasuredCosts> measured;
  std::unique_ptr<ir::OperatorSchemas> schemas;
  Operators operators;
  Registry<PlacementSolver> solvers;
  DimBindings dims;  // those of the first scenario, if there are any
  std::vector<Scenario> scenarios;
  std::optional<StartPlan> start;
  Provenance made_from;
  std::vector<Diagnostic> notes;  // of the target's file

  // Refers to this setup and the arguments, which must outlive it. Reports the notes.
  PassContext Context(const CompileOptions& options, Diagnostics& diagnostics,
                      PassStatistics& statistics) const;
};
absl::StatusOr<PlacementSetup> MakePlacementSetup(const CompileOptions& options);

// Reads a target from a file, a built-in one by name, or this machine by a text of host_target.h.
// The second one reports errors, and notes, to `diagnostics` too.
absl::StatusOr<Target> LoadTarget(const std::string& name_or_path);
absl::StatusOr<Target> LoadTarget(const std::string& name_or_path, Diagnostics& diagnostics);

// The textual pipeline that `options` ask for.
std::string PipelineText(const CompileOptions& options);

// "batch=8" -> bindings; errors name the argument.
absl::StatusOr<DimBindings> ParseDims(const std::vector<std::string>& dims, int64_t fallback);

// Whether a file comes from standard input or a pipe, so that nobody can read it once more.
bool IsStream(const std::string& path);

}  // namespace allot
