// Strongly connected components.
#pragma once

#include <cstdint>
#include <vector>

#include "support/graph/csr_graph.h"

namespace allot {

// Components numbered in a topological order of the quotient. O(n + m), without recursion (Tarjan
// 1972).
struct StrongComponents {
  std::vector<int32_t> component_of;  // by vertex
  int32_t num_components = 0;
};
StrongComponents FindStrongComponents(const CsrGraph& graph);

}  // namespace allot
