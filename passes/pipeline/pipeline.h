// Textual pipelines in MLIR's grammar, and running them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "passes/pipeline/pass.h"
#include "passes/pipeline/registry.h"

namespace allot {

// One step of a pipeline: exactly one of the two passes is set.
struct PipelineStep {
  std::string name;
  std::string options;  // normalized: every option with its value
  std::unique_ptr<GraphPass> graph_pass;
  std::unique_ptr<PlanPass> plan_pass;
};

struct Pipeline {
  std::vector<PipelineStep> steps;  // graph passes, then plan passes

  size_t num_graph_passes() const;
};

// "builtin.module(onnx.graph(dead-nodes,cse,coarsen{max-items=80},place{solver=milp}))". The
// anchors may be left out; named pipelines may stand as steps. A graph pass after a plan pass is an
// error: the graph is frozen by then. Errors carry position, the line and a caret, and the nearest
// known name.
absl::StatusOr<Pipeline> ParsePipeline(absl::string_view text, const PassRegistry& registry);

// Wrapped in its anchors, with every option written out: parses back to the same pipeline.
std::string PrintPipeline(const Pipeline& pipeline);
// Its graph passes by themselves, likewise; they are a pipeline, too.
std::string PrintGraphPasses(const Pipeline& pipeline);

// Sees each state; how dumping, timing and verification are done. Nothing is printed by the runner
// itself.
class PassHooks : public StepObserver {
 public:
  virtual void Before(const PipelineStep& /*step*/, int /*index*/, const ir::Module& /*module*/,
                      const ir::Plan& /*plan*/) {}
  virtual void After(const PipelineStep& /*step*/, int /*index*/, const ir::Module& /*module*/,
                     const ir::Plan& /*plan*/, const absl::Status& /*outcome*/, bool /*changed*/,
                     const PassStatistics& /*statistics*/) {}
};

struct RunOptions {
  bool verify_each = true;
  PassHooks* hooks = nullptr;
};

// Runs the steps on `module`, starting from `plan` (for text that already carries one). An error
// names the pass that failed. After each graph pass the graph is compacted, and verified if asked.
absl::Status RunPipeline(const Pipeline& pipeline, ir::Module& module, ir::Plan& plan,
                         PassContext& context, const RunOptions& options);

// Both halves of it: after the first the graph is frozen, and the second may be run on one module
// by several threads at once, each with a plan and a context of its own. What context.analyses
// keeps, if it is set, lives on.
absl::Status RunGraphPasses(const Pipeline& pipeline, ir::Module& module, ir::Plan& plan,
                            PassContext& context, const RunOptions& options);
absl::Status RunPlanPasses(const Pipeline& pipeline, const ir::Module& module, ir::Plan& plan,
                           PassContext& context, const RunOptions& options);

}  // namespace allot
