#include "placement/value/evaluate.h"

#include <tuple>

#include "placement/value/call_evaluator.h"
#include "placement/value/evaluator.h"

namespace allot {

Score Evaluate(const PlacementProblem& problem, const ProblemGraph& graph,
               const Solution& solution) {
  if (problem.execution == Execution::kCalls) {
    return CallEvaluator(problem, graph).FullScore(solution);
  }
  return Evaluator(problem, graph).FullScore(solution);
}

bool Better(const Score& a, const Score& b) {
  if (a.feasible != b.feasible) return a.feasible;
  return std::tie(a.objective, a.makespan, a.moved) < std::tie(b.objective, b.makespan, b.moved);
}

}  // namespace allot
