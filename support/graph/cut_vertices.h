// Vertices that split a DAG in time: everything else lies before or after them.
#pragma once

#include <cstdint>
#include <vector>

#include "support/graph/csr_graph.h"

namespace allot {

// The vertices v such that every other vertex is an ancestor or a descendant of v and no edge leads
// from an ancestor to a descendant, in topological order. `graph` must be acyclic. O(n log n + m).
std::vector<int32_t> CutVertices(const CsrGraph& graph);

}  // namespace allot
