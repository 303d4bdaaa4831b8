// Runs pipelines: what surrounds each pass. Passes run in the order written, on one thread; the
// graph is compact and valid between them.
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/verify.h"
#include "passes/pipeline/pipeline.h"
#include "support/one_line.h"
#include "support/status.h"

namespace allot {
namespace {

bool IsEmpty(const ir::Plan& plan) {
  return plan.features.empty() && plan.kernel_of.empty() && plan.cluster_of.empty() &&
         plan.device_of.empty() && plan.parts.empty() && !plan.summary.has_value();
}

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
  const size_t nodes = module.graph.node_id_bound();
  const size_t values = module.graph.value_id_bound();
  const auto fits = [](size_t size, size_t wanted) { return size == 0 || size == wanted; };
  if (!fits(plan.features.size(), nodes) || !fits(plan.kernel_of.size(), nodes) ||
      !fits(plan.cluster_of.size(), nodes) || !fits(plan.node_time.size(), nodes) ||
      !fits(plan.value_bytes.size(), values)) {
    return absl::InternalError("the plan's tables do not fit the graph");
  }
  const size_t clusters = plan.num_clusters();
  if (!fits(plan.module_of.size(), clusters) || !fits(plan.device_of.size(), clusters) ||
      !fits(plan.order.size(), clusters) || !fits(plan.part_of.size(), clusters) ||
      !fits(plan.reasons.size(), clusters) || !fits(plan.alternatives.size(), clusters)) {
    return absl::InternalError("the plan's tables do not fit its clusters");
  }
  if (plan.part_of.empty() || plan.device_of.empty() || target == nullptr) {
    return absl::OkStatus();
  }
  Diagnostics violations;
  return ir::VerifyPlan(module.graph, *target, plan, violations);
}

absl::Status RunStep(const PipelineStep& step, ir::Module& module, ir::Plan& plan,
                     PassContext& context, bool verify, bool& changed) {
  if (step.plan_pass != nullptr) {
    changed = true;
    ALLOT_RETURN_IF_ERROR(step.plan_pass->Run(module, plan, context));
    if (!verify) return absl::OkStatus();
    const ScopedStep verifying(context, "Verify");
    return WithContext(VerifyStages(module, plan, context.target), "left an invalid plan: ");
  }
  ALLOT_ASSIGN_OR_RETURN(changed, step.graph_pass->Run(module, context));
  ALLOT_RETURN_IF_ERROR(CompactAll(module), "left an invalid graph: ");
  if (changed && !IsEmpty(plan)) {
    plan = ir::Plan();
    context.diagnostics->Note("", absl::StrCat("pass '", step.name,
                                               "' changed the graph: the plan that came with it "
                                               "no longer fits and is dropped"));
  }
  if (!verify) return absl::OkStatus();
  const ScopedStep verifying(context, "Verify");
  return WithContext(VerifyModule(module), "left an invalid graph: ");
}

}  // namespace

absl::Status RunPipeline(const Pipeline& pipeline, ir::Module& module, ir::Plan& plan,
                         PassContext& context, const RunOptions& options) {
  // A plan belongs to a compact graph, so one that comes along says that this one is.
  if (IsEmpty(plan)) ALLOT_RETURN_IF_ERROR(CompactAll(module));
  if (options.verify_each) {
    ALLOT_RETURN_IF_ERROR(VerifyModule(module), "before the first pass: ");
  }
  PassStatistics* const outer_statistics = context.statistics;
  StepObserver* const outer_steps = context.steps;
  if (options.hooks != nullptr) context.steps = options.hooks;
  absl::Status outcome;
  for (size_t i = 0; i < pipeline.steps.size() && outcome.ok(); ++i) {
    const PipelineStep& step = pipeline.steps[i];
    const int index = static_cast<int>(i);
    PassStatistics statistics;
    context.statistics = &statistics;
    if (options.hooks != nullptr) options.hooks->Before(step, index, module, plan);
    bool changed = false;
    outcome =
        OneLine(WithContext(RunStep(step, module, plan, context, options.verify_each, changed),
                            absl::StrCat("pass '", step.name, "': ")));
    if (options.hooks != nullptr) {
      options.hooks->After(step, index, module, plan, outcome, changed, statistics);
    }
  }
  context.statistics = outer_statistics;
  context.steps = outer_steps;
  return outcome;
}

}  // namespace allot
