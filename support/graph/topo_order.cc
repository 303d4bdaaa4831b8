#include "support/graph/topo_order.h"

#include <functional>
#include <queue>

namespace allot {

std::optional<std::vector<int32_t>> TopologicalOrder(const CsrGraph& graph) {
  const int32_t n = graph.num_vertices();
  std::vector<int32_t> missing(static_cast<size_t>(n));
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<int32_t>> ready;
  for (int32_t v = 0; v < n; ++v) {
    missing[static_cast<size_t>(v)] = static_cast<int32_t>(graph.predecessors(v).size());
    if (missing[static_cast<size_t>(v)] == 0) ready.push(v);
  }
  std::vector<int32_t> order;
  order.reserve(static_cast<size_t>(n));
  while (!ready.empty()) {
    const int32_t v = ready.top();
    ready.pop();
    order.push_back(v);
    for (int32_t next : graph.successors(v)) {
      if (--missing[static_cast<size_t>(next)] == 0) ready.push(next);
    }
  }
  if (order.size() != static_cast<size_t>(n)) return std::nullopt;
  return order;
}

std::vector<int32_t> Positions(const std::vector<int32_t>& order) {
  std::vector<int32_t> position(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    position[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  }
  return position;
}

}  // namespace allot
