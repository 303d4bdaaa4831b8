#include "placement/batching.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "support/status.h"

namespace allot {

absl::StatusOr<BatchChoice> ChooseBatch(const std::vector<BatchCase>& cases, Picos latency_limit,
                                        const PlacementSolver& solver, absl::string_view name,
                                        const SolveLimits& limits) {
  std::optional<BatchChoice> best;
  for (size_t i = 0; i < cases.size(); ++i) {
    const BatchCase& batch = cases[i];
    if (batch.size < 1) return InputError("batch ", i, ": its size is ", batch.size);
    PlacementProblem problem = batch.problem;
    problem.objective = PlacementObjective::kThroughput;
    const ProblemGraph graph = BuildGraph(problem);
    ALLOT_ASSIGN_OR_RETURN(SolveResult result,
                           Solve(solver, name, SolveInput{problem, graph, limits}), "batch of ",
                           batch.size, ": ");
    if (result.best.has_value() && result.score.makespan > latency_limit) {
      PlacementProblem quick = problem;
      quick.objective = PlacementObjective::kLatency;
      ALLOT_ASSIGN_OR_RETURN(SolveResult other,
                             Solve(solver, name, SolveInput{quick, graph, limits}), "batch of ",
                             batch.size, ": ");
      if (other.best.has_value()) other.score = Evaluate(problem, graph, *other.best);
      other.lower_bound = result.lower_bound;
      other.termination =
          other.best.has_value() ? Termination::kFeasible : Termination::kNoSolutionFound;
      result = std::move(other);
    }
    if (!result.best.has_value() || result.score.makespan > latency_limit) continue;
    const Picos period = (result.score.objective + batch.size - 1) / batch.size;
    if (best.has_value() &&
        (period > best->period ||
         (period == best->period && result.score.makespan >= best->result.score.makespan))) {
      continue;
    }
    best = BatchChoice{i, std::move(result), period};
  }
  if (!best.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("no batch size has an answer within ", latency_limit, " ps"));
  }
  return *std::move(best);
}

}  // namespace allot
