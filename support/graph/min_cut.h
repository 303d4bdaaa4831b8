// The cheapest way to separate two vertices.
#pragma once

#include <cstdint>
#include <vector>

namespace allot {

struct CapacityArc {
  int32_t from = 0, to = 0;
  int64_t capacity = 0;  // not negative
};

struct MinCut {
  int64_t value = 0;  // of the arcs from the source's side to the sink's; clamped, not wrapped
  std::vector<char> source_side;  // by vertex; of all minimum cuts the one with the most of them
};

// A minimum cut between two distinct vertices. Parallel arcs and loops are allowed. Push-relabel,
// highest vertices first, with exact distances again after each n relabels or so (Goldberg and
// Tarjan, J. ACM 1988; Cherkassky and Goldberg, Algorithmica 1997); the flow itself is not
// completed, since the cut is known before. O(n^2 sqrt(m)), far less on sparse graphs.
MinCut MinimumCut(int32_t num_vertices, const std::vector<CapacityArc>& arcs, int32_t source,
                  int32_t sink);

}  // namespace allot
