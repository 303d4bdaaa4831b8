// The whole flow as one function: a model and a target in, a placed module out; then the files.
// What the programs, the tests and embedders call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "api/registries.h"
#include "ir/module.h"
#include "ir/plan.h"
#include "lowering/emitter.h"
#include "lowering/provenance.h"
#include "operators/operators.h"
#include "passes/pipeline/pass.h"
#include "passes/pipeline/pipeline.h"
#include "passes/problem/start_plan.h"
#include "support/diagnostics.h"
#include "target/cost_model.h"
#include "target/cost_models/measured.h"
#include "target/target.h"

namespace allot {

struct CompileOptions {
  std::string target = "host";    // this machine; or a file, or a built-in name
  std::optional<Target> machine;  // what `target` names, if it was loaded before
  ir::Objective objective = ir::Objective::kLatency;
  std::string pipeline;            // empty: DefaultPipeline(solver, work)
  std::string solver = "auto";     // of the default pipeline
  int64_t work = 0;                // of the default pipeline's place and refine; 0: their defaults
  bool replicas = true;            // of the default pipeline: placements may take turns in a stream
  Picos latency_limit = 0;         // of one inference in a stream; 0: none
  int64_t max_parts = 0;           // of all placements together; 0: any number
  int64_t simplify_permille = 10;  // of the value to give away for fewer parts
  int64_t min_gain_permille = 0;   // that a plan must gain over the model as a whole
  bool contiguous = false;         // devices in an order in which nothing leads back
  std::string start;               // a plan to improve on: a folder or a plan.json; empty: none
  int64_t migration_cost_permille = 0;     // of its value, that moving all of it must gain
  bool strict_shapes = false;              // of the default pipeline's infer-shapes
  std::vector<std::string> dims;           // "batch=8"
  std::vector<std::string> fixed;          // "use_cache_branch=true": inputs of one value for ever
  int64_t default_dim = 1;                 // any other open dimension, for costs only
  std::vector<std::string> pins, forbids;  // "name-regex=device"
  std::vector<std::string> together;       // "name-regex": on one device
  std::string cost_model = "roofline";
  std::vector<std::string> cost_files;  // CSV or ONNX Runtime profiles; override the model by node
  std::string external_data = "reference";  // reference | embed
  int64_t emit_ir_version = 0;              // 0: keep; 11: also write device_configurations
  bool force = false;  // outputs may replace files that Allot did not write, or not as they are
  uint64_t seed = 1;
  int threads = 1;
  // As of PassContext: ends the search early, and is told of what it has reached.
  std::function<bool()> stop = nullptr;
  ProgressHook progress = nullptr;
  const Registries* registries = nullptr;  // must outlive the call; nullptr: BuiltinRegistries()
};

// A model placed on a target.
struct Compilation {
  Target target;
  ir::Module module;
  ir::Plan plan;
  std::string pipeline;  // as run, with every default
  Provenance made_from;  // files as `options` name them
};

// What a pipeline needs besides a module, made from options; owns it.
struct PlacementSetup {
  Target target;  // the command line's rules before its own; launches and routes as measured
  std::unique_ptr<CostModel> cost_model;
  std::vector<MeasuredCosts> measured;
  std::unique_ptr<ir::OperatorSchemas> schemas;
  Operators operators;
  Registry<PlacementSolver> solvers;
  DimBindings dims;
  std::optional<StartPlan> start;
  Provenance made_from;

  // Refers to this setup and the arguments, which must outlive it.
  PassContext Context(const CompileOptions& options, Diagnostics& diagnostics,
                      PassStatistics& statistics) const;
};
absl::StatusOr<PlacementSetup> MakePlacementSetup(const CompileOptions& options);

// Told of the stages that are no passes ("read", "write"); `hooks` of RunOptions see the passes.
class StageObserver {
 public:
  virtual ~StageObserver() = default;
  virtual void Begin(const std::string& stage) = 0;
};

// Reads a target from a file, a built-in one by name, or this machine by a text of host_target.h.
absl::StatusOr<Target> LoadTarget(const std::string& name_or_path);
// The textual pipeline that `options` ask for.
std::string PipelineText(const CompileOptions& options);

// Reads `model_path` ("-": standard input) and runs the pipeline on it. Everything that is not
// fatal goes to `diagnostics`. Reads files; writes and prints nothing.
absl::StatusOr<Compilation> Compile(const std::string& model_path, const CompileOptions& options,
                                    Diagnostics& diagnostics, const RunOptions& run = {},
                                    StageObserver* observer = nullptr);

// The same for a model in memory; `shown` stands for the path in messages. External data is looked
// for in the current folder.
absl::StatusOr<Compilation> CompileBytes(absl::string_view model, const std::string& shown,
                                         const CompileOptions& options, Diagnostics& diagnostics,
                                         const RunOptions& run = {},
                                         StageObserver* observer = nullptr);

// What the emitters in `emit` (empty: all that are not on request only) make of a placed module, as
// it would be written into `folder`. `model_path`: "-" if there is no file of the model.
absl::StatusOr<std::vector<OutputFile>> MakeOutputs(const Compilation& compilation,
                                                    const std::string& model_path,
                                                    const CompileOptions& options,
                                                    const std::vector<std::string>& emit,
                                                    const std::string& folder);

// Writes what the emitters in `emit` (empty: all) make of a placed module into `folder`, whole or
// not at all, beside the outputs of other emitters that are there (see output_folder.h). Returns
// the names of the files.
absl::StatusOr<std::vector<std::string>> WriteOutputs(const Compilation& compilation,
                                                      const std::string& model_path,
                                                      const CompileOptions& options,
                                                      const std::vector<std::string>& emit,
                                                      const std::string& folder);

// "batch=8" -> bindings; errors name the argument.
absl::StatusOr<DimBindings> ParseDims(const std::vector<std::string>& dims, int64_t fallback);

}  // namespace allot
