#include "placement/kinds/strategies/model/verify.h"

#include <map>

#include "support/status.h"
#include "support/units.h"

namespace allot::strategies {

absl::StatusOr<int64_t> Verify(const Problem& problem, const Choice& choice) {
  if (choice.size() != problem.nodes.size()) {
    return InputError("has ", choice.size(), " strategies for ", problem.nodes.size(), " nodes");
  }
  Int128 total = 0;
  std::map<int64_t, Int128> changes;  // of what is used, by time
  for (size_t n = 0; n < choice.size(); ++n) {
    const Node& node = problem.nodes[n];
    if (choice[n] < 0 || choice[n] >= node.strategies) {
      return InputError("node ", n, " has no strategy ", choice[n], "; it has ", node.strategies);
    }
    const size_t strategy = node.first + static_cast<size_t>(choice[n]);
    if (problem.costs[strategy] >= kForbidden) {
      return InputError("strategy ", choice[n], " of node ", n, " is forbidden");
    }
    total += problem.costs[strategy];
    changes[node.begin] += problem.usages[strategy];
    changes[node.end] -= problem.usages[strategy];
  }
  for (const Edge& edge : problem.edges) {
    const auto a = static_cast<size_t>(edge.a), b = static_cast<size_t>(edge.b);
    const auto columns = static_cast<size_t>(problem.nodes[b].strategies);
    const int64_t cost = problem.edge_costs[edge.first + static_cast<size_t>(choice[a]) * columns +
                                            static_cast<size_t>(choice[b])];
    if (cost >= kForbidden) {
      return InputError("strategy ", choice[a], " of node ", a, " and strategy ", choice[b],
                        " of node ", b, " forbid each other");
    }
    total += cost;
  }
  Int128 used = 0;
  for (const auto& [time, change] : changes) {
    used += change;
    if (used > problem.usage_limit) {
      return InputError("at time ", time, " the nodes that live use ", static_cast<int64_t>(used),
                        ", more than usage_limit, which is ", problem.usage_limit);
    }
  }
  if (total >= kForbidden) return InputError("costs 10^18 or more in total, which is forbidden");
  return static_cast<int64_t>(total);
}

}  // namespace allot::strategies
