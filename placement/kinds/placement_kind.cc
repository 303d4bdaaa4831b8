#include "placement/kinds/placement_kind.h"

#include <string>
#include <utility>
#include <vector>

#include "placement/formats/solution_json.h"
#include "placement/kinds/kind_of.h"
#include "placement/solver_kinds.h"
#include "placement/verify/verify.h"

namespace allot {
namespace {

class PlacementKind final : public KindOf<PlacementProblem, Solution> {
 public:
  PlacementKind(Execution execution, absl::string_view summary)
      : execution_(execution), summary_(summary) {}

  absl::string_view name() const override {
    return execution_ == Execution::kCalls ? kCallsKind : kItemsKind;
  }
  absl::string_view summary() const override { return summary_; }
  absl::string_view unit() const override { return "ps"; }
  bool takes_question() const override { return true; }

  // They share a schema, and say in it which of them they are.
  bool Recognizes(const Json& document) const override {
    const auto is = [&document](absl::string_view key, absl::string_view text) {
      const Json* const member = document.Find(key);
      const auto* const value = member == nullptr ? nullptr : member->If<std::string>();
      return value != nullptr && *value == text;
    };
    return is("schema", kProblemSchema) &&
           is("execution", "calls") == (execution_ == Execution::kCalls);
  }

  absl::Status Check(const PlacementProblem& problem) const override {
    return ::allot::Check(problem);
  }
  int64_t Evaluate(const PlacementProblem& problem, const Solution& solution) const override {
    return ::allot::Evaluate(ProblemFacts(problem), solution).objective;
  }
  absl::StatusOr<int64_t> Verify(const PlacementProblem& problem,
                                 const Solution& solution) const override {
    ALLOT_RETURN_IF_ERROR(VerifyPlacement(problem, solution));
    return VerifyClaim(problem, Claim{solution, Simulate(ProblemFacts(problem), solution)});
  }

  // What comes of another format may be of either kind.
  absl::StatusOr<PlacementProblem> ParseProblem(const Json& document, const std::string& file,
                                                const ProblemOptions& question) const override {
    return ReadProblemDocument(document, file, question);
  }
  std::string PrintProblem(const PlacementProblem& problem) const override {
    return WriteProblem(problem);
  }
  absl::StatusOr<Solution> ParseAnswer(const PlacementProblem& problem, const Json& json,
                                       const std::string& file) const override {
    ALLOT_ASSIGN_OR_RETURN(Claim claim, ReadClaimDocument(problem, json, file));
    return std::move(claim.solution);
  }
  Json AnswerJson(const PlacementProblem& problem, const Solution& solution) const override {
    return Json::Object{
        {"placement", PlacementJson(problem, solution)},
        {"schedule", ScheduleJson(problem, solution, Simulate(ProblemFacts(problem), solution))}};
  }

  absl::StatusOr<ResultOf<Solution>> Solve(const PlacementProblem& problem,
                                           const SolverChoice& choice,
                                           const SolveLimits& limits) const override {
    const Registry<PlacementSolver> registry =
        limits.solvers != nullptr ? *limits.solvers : BuiltinSolvers();
    ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<PlacementSolver> solver,
                           MakeSolver(registry, choice, KindNameOf(problem)));
    const ProblemGraph graph = BuildGraph(problem);
    ALLOT_ASSIGN_OR_RETURN(
        SolveResult result,
        ::allot::Solve(*solver, choice.name, SolveInput{problem, graph, limits, nullptr, {}}));
    return ResultOf<Solution>{result.termination,
                              std::move(result.best),
                              result.lower_bound.value,
                              std::move(result.lower_bound.name),
                              result.work,
                              std::move(result.solver)};
  }

  std::vector<std::string> SolverNames(const Registry<PlacementSolver>& solvers) const override {
    std::vector<std::string> names;
    for (const Entry<PlacementSolver>& entry : solvers.entries()) {
      const absl::StatusOr<std::unique_ptr<PlacementSolver>> solver = entry.make("");
      if (solver.ok() && CheckKind(entry.name, (*solver)->kinds(), name()).ok()) {
        names.push_back(entry.name);
      }
    }
    return names;
  }

 protected:
  std::unique_ptr<ProblemInstance> MakeInstance(PlacementProblem problem) const override {
    return std::make_unique<PlacementInstance>(*this, std::move(problem));
  }

 private:
  class PlacementInstance final : public Instance {
   public:
    using Instance::Instance;
    absl::string_view kind() const override { return KindNameOf(problem_); }
    const PlacementProblem* placement() const override { return &problem_; }
  };

  const Execution execution_;
  const absl::string_view summary_;
};

}  // namespace

std::shared_ptr<const ProblemKind> MakePlacementKind(Execution execution,
                                                     absl::string_view summary) {
  return std::make_shared<const PlacementKind>(execution, summary);
}

}  // namespace allot
