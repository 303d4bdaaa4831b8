// Topological orders.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "support/graph/csr_graph.h"

namespace allot {

// The vertices in topological order, the smallest number first among those that are ready; nullopt
// if the graph has a cycle. O(m + n log n).
std::optional<std::vector<int32_t>> TopologicalOrder(const CsrGraph& graph);

// position[order[i]] = i.
std::vector<int32_t> Positions(const std::vector<int32_t>& order);

}  // namespace allot
