// Stages as a kind of problem (../kind_of.h).
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/kind_of.h"
#include "placement/kinds/stages/formats/draft.h"
#include "placement/kinds/stages/formats/pipedream_text.h"
#include "placement/kinds/stages/formats/piper_json.h"
#include "placement/kinds/stages/formats/stage_plan_json.h"
#include "placement/kinds/stages/formats/stages_json.h"
#include "placement/kinds/stages/problem/problem.h"
#include "placement/kinds/stages/problem/verify.h"
#include "placement/kinds/stages/search/search.h"
#include "placement/kinds/stages/value/compiled.h"
#include "placement/kinds/stages/value/evaluate.h"
#include "support/json_schema.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr absl::string_view kName = "stages";

struct NoOptions {};

using StagesSolver = SolverOf<StagesProblem, StagePlan>;

template <StagesMethod method>
class SearchSolver final : public StagesSolver {
 public:
  explicit SearchSolver(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<StagePlan>> Solve(const StagesProblem& problem,
                                            const SolveLimits& limits) const override {
    StagesFound found = SearchStages(problem, method, limits);
    ResultOf<StagePlan> result;
    result.work = found.work;
    if (found.infeasible) {
      result.termination = Termination::kInfeasible;
      return result;
    }
    result.bound = found.bound;
    result.bound_name = found.by_downsets ? "downsets" : "work";
    if (found.plan.has_value()) {
      result.best = std::move(found.plan);
      result.termination = Termination::kFeasible;
    }
    return result;
  }
};

Registry<StagesSolver> Solvers() {
  Registry<StagesSolver> solvers;
  const OptionSchema<NoOptions> none;
  solvers.Add(MakeEntry<StagesSolver, SearchSolver<StagesMethod::kBest>>(
      "pipeline", "All downsets if they can be listed, else families around the best plan.", none));
  solvers.Add(MakeEntry<StagesSolver, SearchSolver<StagesMethod::kDownsets>>(
      "downsets", "All downsets, or nothing.", none));
  solvers.Add(MakeEntry<StagesSolver, SearchSolver<StagesMethod::kOneOrder>>(
      "one-order", "Cuts of one order of the layers.", none));
  return solvers;
}

class Stages final : public KindWithSolvers<StagesProblem, StagePlan> {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view summary() const override {
    return "Layers over equal devices, as a pipeline of replicated and split stages.";
  }
  absl::string_view unit() const override { return "s"; }
  std::vector<KindFlag> flags() const override {
    return {{kDevicesFlag, "N", "how many devices there are"},
            {kMemoryFlag, "BYTES", "of each device, such as 16GiB"},
            {kBandwidthFlag, "BYTES/s", "between devices, such as 25GB/s"}};
  }
  absl::StatusOr<std::optional<Json>> FromText(absl::string_view text,
                                               const std::string& file) const override {
    return PipeDreamDocument(text, file);
  }
  bool Recognizes(const Json& document) const override {
    return HasSchema(document, kStagesSchema) || IsPiperJson(document);
  }

  absl::Status Check(const StagesProblem& problem) const override { return CheckStages(problem); }
  int64_t Evaluate(const StagesProblem& problem, const StagePlan& plan) const override {
    return EvaluateStages(problem.rule, Compile(problem), plan);
  }
  absl::StatusOr<int64_t> Verify(const StagesProblem& problem,
                                 const StagePlan& plan) const override {
    return VerifyStages(problem, plan);
  }

  absl::StatusOr<StagesProblem> ParseProblem(const Json& document, const std::string& file,
                                             const ProblemOptions& question) const override {
    ALLOT_ASSIGN_OR_RETURN(StagesDraft draft, IsPiperJson(document)
                                                  ? ReadPiperJson(document, file)
                                                  : ReadStagesJson(document, file));
    return FinishDraft(std::move(draft), question.flags);
  }
  std::string PrintProblem(const StagesProblem& problem) const override {
    return PrintStagesJson(problem);
  }
  absl::StatusOr<StagePlan> ParseAnswer(const StagesProblem& problem, const Json& json,
                                        const std::string& file) const override {
    return ReadStagePlan(problem, json, file);
  }
  Json AnswerJson(const StagesProblem& problem, const StagePlan& plan) const override {
    return StagePlanJson(problem, plan, Evaluate(problem, plan));
  }
  // Seconds: of a sample under Piper's rule, of a minibatch under PipeDream's.
  Json Objective(const StagesProblem& problem, int64_t value) const override {
    return static_cast<double>(value) / static_cast<double>(problem.ticks_per_second);
  }

 private:
  Registry<Solver> solvers() const override { return Solvers(); }
};

}  // namespace

std::shared_ptr<const ProblemKind> StagesKind() { return std::make_shared<const Stages>(); }

}  // namespace allot
