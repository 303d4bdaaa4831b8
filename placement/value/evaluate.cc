#include "placement/value/evaluate.h"

#include <tuple>

#include "placement/value/call_evaluator.h"
#include "placement/value/evaluator.h"

namespace allot {

Score Evaluate(const ProblemFacts& facts, const Solution& solution) {
  if (facts.problem().execution == Execution::kCalls) {
    return CallEvaluator(facts).FullScore(solution);
  }
  return Evaluator(facts).FullScore(solution);
}

Score Evaluate(const PlacementProblem& problem, const ProblemGraph& graph,
               const Solution& solution) {
  return Evaluate(ProblemFacts(problem, graph), solution);
}

bool Better(const Score& a, const Score& b) {
  if (a.feasible != b.feasible) return a.feasible;
  return std::tie(a.objective, a.makespan, a.moved) < std::tie(b.objective, b.makespan, b.moved);
}

}  // namespace allot
