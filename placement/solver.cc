#include "placement/solver.h"

#include "placement/claims.h"
#include "placement/verify/verify.h"
#include "placement/verify/violation.h"
#include "support/status.h"

namespace allot {
namespace {

absl::Status CheckFeatures(const PlacementProblem& problem, const PlacementSolver& solver,
                           absl::string_view name) {
  ALLOT_RETURN_IF_ERROR(CheckKind(name, solver.kinds(), KindNameOf(problem)));
  if (problem.execution == Execution::kCalls) return absl::OkStatus();
  const ProblemFeatures features = solver.features();
  absl::string_view missing;
  if (problem.contiguous && !features.contiguous) missing = "contiguous placements";
  for (const PlacementProblem::Flow& flow : problem.flows) {
    if (!flow.staging.empty() && !features.staged) missing = "transfers through host memory";
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat(name, ": does not handle ", missing, "; 'auto' picks solvers that do"));
}

// The value of the solution to start from, unless it exceeds a memory: then it says nothing.
absl::StatusOr<std::optional<Picos>> ValueOfIncumbent(const SolveInput& input) {
  constexpr absl::string_view kWhose = "the solution to start from: ";
  if (const absl::Status rules = VerifyPlacement(input.problem, *input.incumbent); !rules.ok()) {
    return InputError(kWhose, rules.message());
  }
  const Score score = Evaluate(*input.facts, *input.incumbent);
  if (!score.feasible) return std::nullopt;
  if (input.known_bound > score.objective) {
    return InputError(kWhose, "its value ", score.objective, " ps is below the given bound of ",
                      input.known_bound, " ps");
  }
  return score.objective;
}

// Scores the answer, which must keep every rule. A solver may work with less than the full rules of
// memory; what exceeds one counts as not found.
absl::Status VerifyBest(const SolveInput& input, SolveResult& result) {
  const PlacementProblem& problem = input.problem;
  ALLOT_RETURN_IF_ERROR(VerifyPlacement(problem, *result.best));
  const Score score = Evaluate(*input.facts, *result.best);
  const absl::Status status =
      Verify(problem, *result.best, Simulate(*input.facts, *result.best), score.objective);
  const bool exceeds = absl::IsResourceExhausted(status);
  if (!exceeds) ALLOT_RETURN_IF_ERROR(status);
  if (exceeds == score.feasible) {
    return Violation("its evaluation takes it for ", score.feasible ? "feasible" : "infeasible",
                     exceeds ? absl::StrCat(", but ", status.message()) : "");
  }
  if (exceeds) {
    result.best.reset();
    result.termination = Termination::kNoSolutionFound;
    return absl::OkStatus();
  }
  result.score = score;
  return absl::OkStatus();
}

}  // namespace

absl::string_view TerminationName(Termination termination) {
  switch (termination) {
    case Termination::kOptimal:
      return "optimal";
    case Termination::kFeasible:
      return "feasible";
    case Termination::kInfeasible:
      return "infeasible";
    case Termination::kNoSolutionFound:
      return "no solution found";
  }
  return "unknown";
}

absl::StatusOr<SolveResult> Solve(const PlacementSolver& solver, absl::string_view name,
                                  const SolveInput& given) {
  const ProblemFacts facts(given.problem, given.graph);
  SolveInput input = given;
  if (input.facts == nullptr) input.facts = &facts;
  if (&input.facts->problem() != &input.problem) {
    return InputError("the facts are those of another problem");
  }
  ALLOT_RETURN_IF_ERROR(input.facts->check());
  ALLOT_RETURN_IF_ERROR(CheckFeatures(input.problem, solver, name));
  Claims claims;
  if (input.incumbent != nullptr) {
    ALLOT_ASSIGN_OR_RETURN(const std::optional<Picos> value, ValueOfIncumbent(input));
    if (value.has_value()) {
      ALLOT_RETURN_IF_ERROR(claims.Know("the solution to start from", *value));
    }
  }
  ALLOT_ASSIGN_OR_RETURN(SolveResult result, solver.Solve(input), name, ": ");
  if (result.solver.empty()) result.solver = std::string(name);

  const bool claims_solution =
      result.termination == Termination::kOptimal || result.termination == Termination::kFeasible;
  if (claims_solution != result.best.has_value()) {
    return absl::InternalError(
        absl::StrCat(name, ": ends ", TerminationName(result.termination),
                     result.best.has_value() ? " with a solution" : " without a solution"));
  }
  if (result.work < 0 || result.lower_bound.value < 0) {
    return absl::InternalError(absl::StrCat(name, ": has spent work of ", result.work,
                                            " and claims a bound of ", result.lower_bound.value));
  }
  result.score = Score();
  if (result.best.has_value()) {
    if (const absl::Status status = VerifyBest(input, result); !status.ok()) {
      return absl::InternalError(absl::StrCat(name, ": wrong answer: ", status.message()));
    }
  }
  ALLOT_RETURN_IF_ERROR(claims.Add(name, result));
  if (!result.best.has_value()) return result;
  if (result.termination == Termination::kOptimal &&
      result.lower_bound.value < result.score.objective) {
    result.lower_bound = {result.score.objective, std::string(name)};
  }
  if (result.lower_bound.value == result.score.objective) {
    result.termination = Termination::kOptimal;
  }
  return result;
}

}  // namespace allot
