// Decides which range of clusters each device trains, forward and backward: the best chain of
// ranges under 1F1B (placement/trained/). Each stage is a part.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/search_points.h"
#include "passes/problem/training_chain.h"
#include "placement/trained/plan_training.h"
#include "support/status.h"

namespace allot {
namespace {

struct PlaceTrainingOptions {
  int64_t microbatches = 8;
  std::string optimizer = "adam";
  std::string recompute = "auto";
  std::string freeze;
  int64_t max_stages = 0;
  bool whole_layers = false;
  int64_t simplify = 10;
};

absl::StatusOr<TrainingOptions> Interpret(const PlaceTrainingOptions& options) {
  TrainingOptions result;
  if (options.microbatches < 1 || options.microbatches > kMostMicrobatches) {
    return InputError("microbatches=", options.microbatches, " is not from 1 to ",
                      kMostMicrobatches);
  }
  result.microbatches = options.microbatches;
  if (options.optimizer == "sgd") {
    result.optimizer = Optimizer::kSgd;
  } else if (options.optimizer != "adam") {
    return InputError("optimizer=", options.optimizer, ": must be adam or sgd");
  }
  if (options.recompute == "no") {
    result.recompute = Recompute::kNo;
  } else if (options.recompute == "yes") {
    result.recompute = Recompute::kYes;
  } else if (options.recompute != "auto") {
    return InputError("recompute=", options.recompute, ": must be no, yes or auto");
  }
  if (options.simplify < 0) return InputError("simplify=", options.simplify, " is negative");
  result.freeze = options.freeze;
  result.whole_layers = options.whole_layers;
  return result;
}

ir::Training ToTraining(const TrainedAnswer& answer, const PlaceTrainingOptions& options) {
  ir::Training training;
  training.optimizer = options.optimizer;
  training.recompute = options.recompute;
  training.microbatches = options.microbatches;
  training.period = answer.schedule.period;
  training.iteration = answer.schedule.iteration;
  training.period_bound = answer.period_bound;
  training.iteration_bound = answer.iteration_bound;
  training.any_period_bound = answer.any_period_bound;
  training.any_iteration_bound = answer.any_iteration_bound;
  for (size_t s = 0; s < answer.plan.size(); ++s) {
    const StageFacts& facts = answer.schedule.stages[s];
    training.stages.push_back({.device = answer.plan[s].device,
                               .forward = facts.forward,
                               .backward = facts.backward,
                               .update = facts.update,
                               .weights = facts.weights,
                               .gradients = facts.gradients,
                               .optimizer = facts.state,
                               .kept = facts.kept,
                               .activations = facts.Activations(),
                               .working = facts.working,
                               .in_flight = facts.in_flight,
                               .recomputes = facts.recomputes});
  }
  using Kind = ir::TrainingStep::Kind;
  for (const TrainedStep& step : answer.schedule.steps) {
    const Kind kind = step.kind == TrainedStepKind::kForward    ? Kind::kForward
                      : step.kind == TrainedStepKind::kBackward ? Kind::kBackward
                                                                : Kind::kUpdate;
    training.steps.push_back({kind, step.stage, step.microbatch, step.start, step.end});
  }
  for (const TrainedTransfer& transfer : answer.schedule.transfers) {
    const Kind kind = transfer.to > transfer.from ? Kind::kActivation : Kind::kGradient;
    training.steps.push_back(
        {kind, transfer.from, transfer.microbatch, transfer.start, transfer.end});
  }
  return training;
}

class PlaceTraining final : public PlanPass {
 public:
  explicit PlaceTraining(PlaceTrainingOptions options) : options_(std::move(options)) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kPlacement; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    ALLOT_ASSIGN_OR_RETURN(const TrainingOptions options, Interpret(options_));
    if (options_.max_stages < 0)
      return InputError("max-stages=", options_.max_stages, " is negative");
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    const BuiltProblem& built = *clusters;
    if (built.problem.items.empty()) return InputError("has nothing to train: no operators");
    ALLOT_ASSIGN_OR_RETURN(const TrainingChain chain,
                           MakeTrainingChain(module, plan, built, options, context));
    const ScopedStep step(context, "Search");
    ALLOT_ASSIGN_OR_RETURN(const TrainedAnswer answer,
                           PlanTraining(chain.chain, {.max_stages = options_.max_stages,
                                                      .simplify = options_.simplify}));
    StoreSolution(ToParts(built, chain, answer.plan), plan);
    plan.training = ToTraining(answer, options_);
    plan.training->parameters = chain.parameters;
    ir::Summary& summary = plan.summary.emplace();
    summary.objective = context.objective;
    summary.value = answer.schedule.iteration;
    summary.solver = "ranges-1f1b";
    summary.devices.resize(context.target->devices.size());
    for (const TrainedBaseline& baseline : answer.baselines) {
      summary.baselines.push_back({baseline.name, baseline.iteration});
    }
    if (!answer.all_places) {
      context.diagnostics->Note(
          "", absl::StrCat("ranges begin at ", answer.places, " of ", chain.order.size() - 1,
                           " places: those over which least goes; more are too many to look at"));
    }
    context.statistics->Add("stages", static_cast<int64_t>(answer.plan.size()));
    return absl::OkStatus();
  }

 private:
  static PartedSolution ToParts(const BuiltProblem& built, const TrainingChain& chain,
                                const TrainedPlan& plan) {
    PartedSolution solution;
    solution.items.device_of.resize(built.problem.items.size());
    solution.parts.part_of.resize(built.problem.items.size());
    solution.parts.num_parts = plan.size();
    for (size_t s = 0; s < plan.size(); ++s) {
      for (int32_t i = plan[s].begin; i < plan[s].end; ++i) {
        const ItemId item = chain.order[static_cast<size_t>(i)];
        solution.items.device_of[item] = plan[s].device;
        solution.parts.part_of[item] = ItemId(s);
      }
    }
    solution.items.order = chain.order;
    solution.score = EvaluateParts(built.problem, solution.items, solution.parts);
    return solution;
  }

  PlaceTrainingOptions options_;
};

}  // namespace

Entry<PlanPass> PlaceTrainingEntry() {
  return MakeEntry<PlanPass, PlaceTraining>(
      "place-training", "decide which range of clusters each device trains, forward and backward",
      OptionSchema<PlaceTrainingOptions>()
          .Add("microbatches", &PlaceTrainingOptions::microbatches, "in a batch, one at a time")
          .Add("optimizer", &PlaceTrainingOptions::optimizer,
               "adam: two moments of 32 bits for each parameter; sgd: none")
          .Add("recompute", &PlaceTrainingOptions::recompute,
               "run forward again before backward, and keep only inputs: no, yes, or auto for "
               "stages that do not fit otherwise")
          .Add("freeze", &PlaceTrainingOptions::freeze,
               "weights whose names match this pattern are not trained")
          .Add("max-stages", &PlaceTrainingOptions::max_stages,
               "devices to use at most; 0: all there are")
          .Add("whole-layers", &PlaceTrainingOptions::whole_layers,
               "cut between repeated layers only, and before and behind them")
          .Add("simplify", &PlaceTrainingOptions::simplify,
               "thousandths of the iteration to give away for fewer stages"));
}

}  // namespace allot
