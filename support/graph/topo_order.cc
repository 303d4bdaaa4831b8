#include "support/graph/topo_order.h"

namespace allot {

std::optional<std::vector<int32_t>> TopologicalOrder(const CsrGraph& graph) {
  std::vector<int32_t> order =
      SortTopologically(graph.num_vertices(), [&](int32_t v, const auto& visit) {
        for (const int32_t to : graph.successors(v)) visit(to);
      }).order;
  if (order.size() != static_cast<size_t>(graph.num_vertices())) return std::nullopt;
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
