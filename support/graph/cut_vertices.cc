#include "support/graph/cut_vertices.h"

#include <algorithm>

#include "support/check.h"
#include "support/graph/topo_order.h"

namespace allot {

// Take any topological order. If no edge jumps over v, no vertex before v is a sink and no vertex
// after v is a source, then every walk forward from an earlier vertex must run into v, and every
// walk backward from a later one; the converse is plain. So one sweep decides.
std::vector<int32_t> CutVertices(const CsrGraph& graph) {
  const std::optional<std::vector<int32_t>> order = TopologicalOrder(graph);
  ALLOT_CHECK(order.has_value());
  const std::vector<int32_t> position = Positions(*order);
  int32_t last_source = -1;
  for (int32_t v : *order) {
    if (graph.predecessors(v).empty()) last_source = position[static_cast<size_t>(v)];
  }
  std::vector<int32_t> cuts;
  int32_t farthest = -1;  // position that an edge from an earlier vertex reaches
  for (int32_t v : *order) {
    const int32_t at = position[static_cast<size_t>(v)];
    if (farthest <= at && last_source <= at) cuts.push_back(v);
    for (int32_t next : graph.successors(v)) {
      farthest = std::max(farthest, position[static_cast<size_t>(next)]);
    }
    if (graph.successors(v).empty()) break;  // a sink: nothing later is its descendant
  }
  return cuts;
}

}  // namespace allot
