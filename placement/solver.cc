#include "placement/solver.h"

#include "placement/verify.h"
#include "support/status.h"

namespace allot {
namespace {

// Whether a solution can be simulated at all: one device per item, and a topological order.
bool WellFormed(const PlacementProblem& problem, const Solution& solution) {
  const size_t n = problem.items.size();
  if (solution.device_of.size() != n || solution.order.size() != n) return false;
  if (!solution.call_of.empty() && solution.call_of.size() != n) return false;
  for (const DeviceId device : solution.device_of) {
    if (!problem.devices.Contains(device)) return false;
  }
  IdVector<ItemId, int64_t> position(n, -1);
  for (size_t i = 0; i < n; ++i) {
    const ItemId item = solution.order[i];
    if (!problem.items.Contains(item) || position[item] >= 0) return false;
    position[item] = static_cast<int64_t>(i);
  }
  for (const PlacementProblem::Flow& flow : problem.flows) {
    for (const ItemId to : flow.to) {
      if (position[to] < position[flow.from]) return false;
    }
  }
  return true;
}

absl::Status CheckFeatures(const PlacementProblem& problem, const ProblemFeatures& features,
                           absl::string_view name) {
  absl::string_view missing;
  if (problem.execution == Execution::kCalls) {
    if (!features.calls) missing = "execution in calls";
  } else {
    if (problem.contiguous && !features.contiguous) missing = "contiguous placements";
    for (const PlacementProblem::Flow& flow : problem.flows) {
      if (!flow.staging.empty() && !features.staged) missing = "transfers through host memory";
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat(name, ": does not handle ", missing, "; 'auto' picks solvers that do"));
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
                                  const SolveInput& input) {
  const PlacementProblem& problem = input.problem;
  ALLOT_RETURN_IF_ERROR(Check(problem));
  ALLOT_RETURN_IF_ERROR(CheckFeatures(problem, solver.features(), name));
  if (input.incumbent != nullptr && !WellFormed(problem, *input.incumbent)) {
    return InputError("the solution to start from does not belong to this problem");
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
  if (!result.best.has_value()) return result;
  if (!WellFormed(problem, *result.best)) {
    return absl::InternalError(absl::StrCat(name, ": its solution has no topological order"));
  }
  result.score = Evaluate(problem, input.graph, *result.best);
  if (!result.score.feasible) {
    // A solver may work with less than the full rules of memory; what it found does not count then.
    // A bound of fewer rules still holds.
    result.best.reset();
    result.score = Score();
    result.termination = Termination::kNoSolutionFound;
    return result;
  }
  ALLOT_RETURN_IF_ERROR(Verify(problem, *result.best, Simulate(problem, input.graph, *result.best),
                               result.score.objective),
                        name, ": wrong answer: ");

  if (result.termination == Termination::kOptimal &&
      result.lower_bound.value < result.score.objective) {
    result.lower_bound = {result.score.objective, std::string(name)};
  }
  if (result.lower_bound.value > result.score.objective) {
    return absl::InternalError(absl::StrCat(name, ": its bound ", result.lower_bound.name, " of ",
                                            result.lower_bound.value, " ps exceeds the value ",
                                            result.score.objective, " ps of its own solution"));
  }
  if (result.lower_bound.value == result.score.objective) {
    result.termination = Termination::kOptimal;
  }
  return result;
}

}  // namespace allot
