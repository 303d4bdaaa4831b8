#include "placement/kinds/strategies/model/evaluate.h"

namespace allot::strategies {

int64_t Evaluate(const Problem& problem, const Choice& choice) {
  int64_t total = 0;
  for (size_t n = 0; n < problem.nodes.size(); ++n) {
    total = AddCosts(total, problem.costs[problem.nodes[n].first + static_cast<size_t>(choice[n])]);
  }
  for (const Edge& edge : problem.edges) {
    total = AddCosts(total, problem.EdgeCost(edge, choice[static_cast<size_t>(edge.a)],
                                             choice[static_cast<size_t>(edge.b)]));
  }
  return total;
}

}  // namespace allot::strategies
