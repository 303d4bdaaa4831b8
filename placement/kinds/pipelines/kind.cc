// Pipelines as a kind of problem (../kind_of.h).
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/kind_of.h"
#include "placement/kinds/pipelines/formats/draft.h"
#include "placement/kinds/pipelines/formats/own_json.h"
#include "placement/kinds/pipelines/formats/piper_profile.h"
#include "placement/kinds/pipelines/formats/plan_json.h"
#include "placement/kinds/pipelines/formats/published_json.h"
#include "placement/kinds/pipelines/model/problem.h"
#include "placement/kinds/pipelines/model/verify.h"
#include "placement/kinds/pipelines/search/evaluate.h"
#include "placement/kinds/pipelines/search/search.h"
#include "support/json_schema.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace pipelines {
namespace {

constexpr absl::string_view kName = "pipelines";

struct NoOptions {};

using Solver = SolverOf<Problem, Plan>;

template <Method method>
class SearchSolver final : public Solver {
 public:
  explicit SearchSolver(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }
  absl::StatusOr<ResultOf<Plan>> Solve(const Problem& problem,
                                       const SolveLimits& limits) const override {
    Found found = Search(problem, method, limits);
    ResultOf<Plan> result;
    result.work = found.work;
    if (found.plan.has_value()) {
      result.best = std::move(found.plan);
      result.termination = found.complete ? Termination::kOptimal : Termination::kFeasible;
      result.bound = found.bound;
      result.bound_name = found.complete ? "all-cuts" : "work";
    } else if (found.complete) {
      result.termination = Termination::kInfeasible;
    }
    return result;
  }
};

Registry<Solver> Solvers() {
  Registry<Solver> solvers;
  const OptionSchema<NoOptions> none;
  solvers.Add(MakeEntry<Solver, SearchSolver<Method::kAllCuts>>(
      "all-cuts", "All stages between all cuts, if they can be listed; else as chain does.", none));
  solvers.Add(MakeEntry<Solver, SearchSolver<Method::kChain>>(
      "chain", "All stages between the cuts of one order of the layers.", none));
  return solvers;
}

class Pipelines final : public KindWithSolvers<Problem, Plan> {
 public:
  absl::string_view name() const override { return kName; }
  absl::string_view summary() const override {
    return "Layers over equal devices, as one pipeline with tensor width, copies, recomputation.";
  }
  absl::string_view unit() const override { return "s"; }
  std::vector<KindFlag> flags() const override {
    return {{kAsFlag, "KIND", "read the file as a problem of this kind, whatever it looks like"},
            {kDevicesFlag, "N", "how many devices there are"},
            {kMemoryFlag, "BYTES", "of each device, such as 16GiB"},
            {kBandwidthFlag, "BYTES/s", "between devices, such as 25GB/s"},
            {kRecomputeFlag, "0|1", "whether activations are computed again"}};
  }
  bool Recognizes(const Json& document) const override {
    return HasSchema(document, kSchema) || IsPublishedJson(document);
  }

  absl::Status Check(const Problem& problem) const override { return pipelines::Check(problem); }
  int64_t Evaluate(const Problem& problem, const Plan& plan) const override {
    return pipelines::Evaluate(problem, plan);
  }
  absl::StatusOr<int64_t> Verify(const Problem& problem, const Plan& plan) const override {
    return pipelines::Verify(problem, plan);
  }

  absl::StatusOr<Problem> ParseProblem(const Json& document, const std::string& file,
                                       const ProblemOptions& question) const override {
    if (IsPiperProfile(document)) {
      ALLOT_ASSIGN_OR_RETURN(Draft draft, ReadPiperProfile(document, file));
      return Finish(std::move(draft), file, question);
    }
    if (IsPublishedJson(document)) {
      ALLOT_ASSIGN_OR_RETURN(Draft draft, ReadPublishedJson(document, file));
      return Finish(std::move(draft), file, question);
    }
    for (const auto& [flag, value] : question.flags) {
      if (flag == kAsFlag) continue;
      return InputError(file, ": --", flag, " is for files that say bytes and seconds; change ",
                        "the file");
    }
    return ReadOwnJson(document, file);
  }
  std::string PrintProblem(const Problem& problem) const override { return PrintOwnJson(problem); }
  absl::StatusOr<Plan> ParseAnswer(const Problem& problem, const Json& json,
                                   const std::string& file) const override {
    return ReadPlan(problem, json, file);
  }
  Json AnswerJson(const Problem& problem, const Plan& plan) const override {
    return PlanJson(problem, plan);
  }
  // Seconds of a batch.
  Json Objective(const Problem& problem, int64_t value) const override {
    return static_cast<double>(value) / static_cast<double>(problem.ticks_per_second);
  }

 private:
  Registry<Solver> solvers() const override { return Solvers(); }
  static absl::StatusOr<Problem> Finish(Draft draft, const std::string& file,
                                        const ProblemOptions& question) {
    ALLOT_ASSIGN_OR_RETURN(Problem problem, FinishDraft(std::move(draft), question.flags), file,
                           ": ");
    return problem;
  }
};

}  // namespace
}  // namespace pipelines

std::shared_ptr<const ProblemKind> PipelinesKind() {
  return std::make_shared<const pipelines::Pipelines>();
}

}  // namespace allot
