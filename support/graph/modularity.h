// Communities of a DAG whose quotient is a DAG again: what lies close together, cut where little
// flows. Maximises the directed modularity of Leicht and Newman (Community structure in directed
// networks, 2008),
//   Q = (1/m) sum_ij [A_ij - gamma kout_i kin_j / m] delta(c_i, c_j),
// by merging the pair of neighbouring communities that gains most, as Clauset, Newman and Moore
// do, among the pairs whose merge leaves no cycle.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/types/span.h"

#include "support/graph/csr_graph.h"

namespace allot {

struct ModularityOptions {
  // gamma: larger makes smaller communities. Taken in steps of 1/1000, at most 1000.
  double resolution = 1.0;
  // No community weighs more than this, unless a single vertex does.
  int64_t max_size = std::numeric_limits<int64_t>::max();
  // Edges looked at to see that one merge leaves no cycle; a merge that needs more is not made.
  int64_t merge_effort = 2000;
};

struct Communities {
  std::vector<int32_t> of;  // dense, in topological order of the quotient
  int32_t count = 0;
  double modularity = 0;
};

// `graph` must be acyclic with non-negative weights; vertex_size is empty (all 1) or one per
// vertex. Deterministic: exact integer gains, ties to the smaller vertex numbers. About O(m log m)
// with a size cap.
Communities AcyclicCommunities(const CsrGraph& graph, absl::Span<const int64_t> vertex_size,
                               const ModularityOptions& options);

// Q of any grouping; 0 for a graph without weight. Group numbers are dense.
double Modularity(const CsrGraph& graph, absl::Span<const int32_t> group_of, double resolution);

}  // namespace allot
