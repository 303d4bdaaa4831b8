#include "tests/models/random_strategies.h"

#include <algorithm>

#include "support/random.h"

namespace allot::testing {

strategies::Problem RandomStrategies(uint64_t seed, const RandomStrategiesOptions& options) {
  Random random(seed);
  strategies::Problem problem;
  problem.name = "random";
  int64_t least = 0, most = 0;
  const auto cost = [&]() -> int64_t {
    if (random.Below(100) < options.percent_forbidden) return strategies::kForbidden;
    return random.Below(3) == 0 ? 0 : random.Below(50);
  };
  for (int32_t n = 0; n < options.nodes; ++n) {
    strategies::Node node;
    node.begin = random.Below(10);
    node.end = node.begin + random.Below(8);
    node.first = problem.costs.size();
    node.strategies = static_cast<int32_t>(random.Between(1, options.most_strategies));
    int64_t low = 1'000, high = 0;
    for (int32_t s = 0; s < node.strategies; ++s) {
      problem.costs.push_back(cost());
      problem.usages.push_back(random.Below(20));
      low = std::min(low, problem.usages.back());
      high = std::max(high, problem.usages.back());
    }
    if (node.begin < node.end) least += low, most += high;
    problem.nodes.push_back(node);
  }
  for (int32_t e = 0; e < options.edges; ++e) {
    strategies::Edge edge;
    edge.a = static_cast<int32_t>(random.Below(options.nodes));
    edge.b = static_cast<int32_t>(random.Below(options.nodes));
    edge.first = problem.edge_costs.size();
    const int32_t rows = problem.nodes[static_cast<size_t>(edge.a)].strategies;
    const int32_t columns = problem.nodes[static_cast<size_t>(edge.b)].strategies;
    const bool equal = random.Below(100) < options.percent_equal;
    for (int32_t s = 0; s < rows; ++s) {
      for (int32_t t = 0; t < columns; ++t) {
        const bool out = equal && (rows >= columns ? s % columns != t : t % rows != s);
        problem.edge_costs.push_back(out ? strategies::kForbidden : cost());
      }
    }
    problem.edges.push_back(edge);
  }
  // Not all live at the same time: less than a half of the way is already tight.
  problem.usage_limit = least / 2 + (most - least / 2) * options.percent_of_usage / 200;
  return problem;
}

}  // namespace allot::testing
