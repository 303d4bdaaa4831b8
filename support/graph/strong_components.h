// Strongly connected components.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

#include "support/graph/csr_graph.h"

namespace allot {

// Components numbered in a topological order of the quotient. O(n + m), without recursion (Tarjan
// 1972).
struct StrongComponents {
  std::vector<int32_t> component_of;  // by vertex
  int32_t num_components = 0;
};
StrongComponents FindStrongComponents(const CsrGraph& graph);

// The same of any graph over 0 .. n-1; successors(v) must stay the same, repeats and loops allowed.
StrongComponents FindStrongComponents(
    int32_t num_vertices, absl::FunctionRef<absl::Span<const int32_t>(int32_t)> successors);

}  // namespace allot
