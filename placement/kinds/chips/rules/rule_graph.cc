#include "placement/kinds/chips/rules/rule_graph.h"

#include <utility>

namespace allot::chips {

RuleGraph::RuleGraph(const Compiled& problem)
    : problem_(&problem),
      ends_(static_cast<size_t>(problem.size())),
      around_(static_cast<size_t>(problem.size())) {
  // Nodes are in topological order, so what lies between two nodes has numbers between theirs.
  const CsrGraph& graph = problem.graph();
  std::vector<int32_t> reached(ends_.size(), -1);
  size_t listed = 0, steps = 0;
  for (int32_t u = 0; u < graph.num_vertices(); ++u) {
    if (graph.successors(u).size() < 2) continue;
    const int32_t last = graph.successors(u).back();
    for (const int32_t v : graph.successors(u)) reached[static_cast<size_t>(v)] = u;
    for (int32_t w = u + 1; w < last; ++w) {
      if (reached[static_cast<size_t>(w)] != u) continue;
      for (const int32_t v : graph.successors(w)) reached[static_cast<size_t>(v)] = u;
    }
    for (const int32_t v : graph.successors(u)) {
      // Backwards from v, within what u reaches.
      std::vector<int32_t> inside;
      std::vector<bool> seen(static_cast<size_t>(v - u));
      std::vector<int32_t> open = {v};
      while (!open.empty() && listed + inside.size() < kMostInside) {
        const int32_t at = open.back();
        open.pop_back();
        for (const int32_t w : graph.predecessors(at)) {
          ++steps;
          if (w <= u || reached[static_cast<size_t>(w)] != u || seen[static_cast<size_t>(w - u)]) {
            continue;
          }
          seen[static_cast<size_t>(w - u)] = true;
          inside.push_back(w);
          open.push_back(w);
        }
      }
      if (inside.empty() || listed + inside.size() >= kMostInside || steps > 100 * kMostInside) {
        continue;
      }
      listed += inside.size();
      const auto number = static_cast<int32_t>(shortcuts_.size());
      ends_[static_cast<size_t>(u)].push_back(number);
      ends_[static_cast<size_t>(v)].push_back(number);
      for (const int32_t w : inside) around_[static_cast<size_t>(w)].push_back(number);
      shortcuts_.push_back({u, v, std::move(inside)});
    }
  }
}

}  // namespace allot::chips
