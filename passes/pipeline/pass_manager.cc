// Runs pipelines: what surrounds each pass. Passes run in the order written, on one thread; the
// graph is compact and valid between them.
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/plan_stages.h"
#include "ir/verify.h"
#include "passes/pipeline/analyses.h"
#include "passes/pipeline/pipeline.h"
#include "support/one_line.h"
#include "support/status.h"

namespace allot {
namespace {

absl::Status CompactAll(ir::Module& module) {
  if (!module.graph.Compact()) return InputError("the graph has a cycle");
  for (ir::Function& function : module.functions) {
    if (!function.body.Compact()) {
      return InputError("the body of function '", function.name, "' has a cycle");
    }
  }
  return absl::OkStatus();
}

absl::Status VerifyModule(const ir::Module& module) {
  Diagnostics violations;
  return ir::Verify(module, violations);
}

// Tables that a plan carries must fit the graph they speak of; what they say is checked once there
// is a placement to speak of.
absl::Status VerifyStages(const ir::Module& module, const ir::Plan& plan, const Target* target) {
  if (ir::FirstMisfit(plan, module.graph) != nullptr) {
    return absl::InternalError("the plan's tables do not fit the graph");
  }
  if (plan.part_of.empty() || plan.device_of.empty() || target == nullptr) {
    return absl::OkStatus();
  }
  Diagnostics violations;
  return ir::VerifyPlan(module.graph, *target, plan, violations);
}

absl::Status RunGraphStep(const PipelineStep& step, ir::Module& module, ir::Plan& plan,
                          PassContext& context, bool verify, bool& changed) {
  ALLOT_ASSIGN_OR_RETURN(changed, step.graph_pass->Run(module, context));
  if (changed) context.analyses->Forget(ir::PlanStage::kGraph);
  ALLOT_RETURN_IF_ERROR(CompactAll(module), "left an invalid graph: ");
  if (changed && !ir::IsEmpty(plan)) {
    plan = ir::Plan();
    context.diagnostics->Note("", absl::StrCat("pass '", step.name,
                                               "' changed the graph: the plan that came with it "
                                               "no longer fits and is dropped"));
  }
  if (!verify) return absl::OkStatus();
  const ScopedStep verifying(context, "Verify");
  return WithContext(VerifyModule(module), "left an invalid graph: ");
}

absl::Status RunPlanStep(const PipelineStep& step, const ir::Module& module, ir::Plan& plan,
                         PassContext& context, bool verify) {
  context.analyses->Forget(step.plan_pass->writes());
  ALLOT_RETURN_IF_ERROR(step.plan_pass->Run(module, plan, context));
  if (!verify) return absl::OkStatus();
  const ScopedStep verifying(context, "Verify");
  return WithContext(VerifyStages(module, plan, context.target), "left an invalid plan: ");
}

// What the runner adds to a context while it runs.
class RunningContext {
 public:
  RunningContext(PassContext& context, const RunOptions& options)
      : context_(context), before_(context) {
    if (options.hooks != nullptr) context.steps = options.hooks;
    if (context.analyses == nullptr) context.analyses = &analyses_;
  }
  ~RunningContext() {
    context_.statistics = before_.statistics;
    context_.steps = before_.steps;
    context_.analyses = before_.analyses;
  }
  RunningContext(const RunningContext&) = delete;
  RunningContext& operator=(const RunningContext&) = delete;

 private:
  PassContext& context_;
  const PassContext before_;
  Analyses analyses_;
};

// Runs what `run_step` makes of steps [first, last) of the pipeline; it is given the step and
// whether to verify, and says whether anything changed.
template <typename RunStep>
absl::Status RunSteps(const Pipeline& pipeline, size_t first, size_t last, const ir::Module& module,
                      const ir::Plan& plan, PassContext& context, const RunOptions& options,
                      const RunStep& run_step) {
  for (size_t i = first; i < last; ++i) {
    const PipelineStep& step = pipeline.steps[i];
    const int index = static_cast<int>(i);
    PassStatistics statistics;
    context.statistics = &statistics;
    if (options.hooks != nullptr) options.hooks->Before(step, index, module, plan);
    bool changed = step.plan_pass != nullptr;
    const absl::Status outcome =
        OneLine(WithContext(run_step(step, changed), absl::StrCat("pass '", step.name, "': ")));
    if (options.hooks != nullptr) {
      options.hooks->After(step, index, module, plan, outcome, changed, statistics);
    }
    ALLOT_RETURN_IF_ERROR(outcome);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunGraphPasses(const Pipeline& pipeline, ir::Module& module, ir::Plan& plan,
                            PassContext& context, const RunOptions& options) {
  // A plan belongs to a compact graph, so one that comes along says that this one is.
  if (ir::IsEmpty(plan)) ALLOT_RETURN_IF_ERROR(CompactAll(module));
  if (options.verify_each) {
    ALLOT_RETURN_IF_ERROR(VerifyModule(module), "before the first pass: ");
  }
  const RunningContext running(context, options);
  return RunSteps(pipeline, 0, pipeline.num_graph_passes(), module, plan, context, options,
                  [&](const PipelineStep& step, bool& changed) {
                    return RunGraphStep(step, module, plan, context, options.verify_each, changed);
                  });
}

absl::Status RunPlanPasses(const Pipeline& pipeline, const ir::Module& module, ir::Plan& plan,
                           PassContext& context, const RunOptions& options) {
  const RunningContext running(context, options);
  return RunSteps(pipeline, pipeline.num_graph_passes(), pipeline.steps.size(), module, plan,
                  context, options, [&](const PipelineStep& step, bool&) {
                    return RunPlanStep(step, module, plan, context, options.verify_each);
                  });
}

absl::Status RunPipeline(const Pipeline& pipeline, ir::Module& module, ir::Plan& plan,
                         PassContext& context, const RunOptions& options) {
  const RunningContext running(context, options);  // analyses live through both
  ALLOT_RETURN_IF_ERROR(RunGraphPasses(pipeline, module, plan, context, options));
  return RunPlanPasses(pipeline, module, plan, context, options);
}

}  // namespace allot
