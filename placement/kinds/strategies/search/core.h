// What a Reduction has left, in flat arrays for searches: nodes are numbered anew, costs that
// forbid are clamped, all costs are scaled so that divisions lose little.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/strategies/search/reduction.h"

namespace allot::strategies {

struct Core {
  struct Edge {
    int32_t a = 0, b = 0;
    size_t first = 0;           // of its matrix in edge_cost; rows are a's strategies
    size_t to_a = 0, to_b = 0;  // of what searches keep for each strategy of an end
    int32_t in_reduction = 0;
  };
  struct Usage {
    int32_t begin = 0, end = 0;  // moments
    size_t first = 0;            // of what is used, by strategy, in used
  };

  std::vector<int32_t> in_reduction;  // by node: its number there
  std::vector<size_t> first;          // by node, of its strategies in cost; one more at the end
  std::vector<int64_t> cost;
  std::vector<Edge> edges;
  std::vector<int64_t> edge_cost;
  size_t ends = 0;                             // strategies of all ends of edges
  std::vector<std::vector<int32_t>> edges_of;  // by node, by their other end
  std::vector<std::vector<Usage>> usages;      // by node
  std::vector<int64_t> used;
  std::vector<int64_t> capacity;
  int64_t constant = 0;  // not scaled
  int64_t scale = 1;
  int64_t forbidden = 0;  // scaled; what costs as much is no part of any answer that is looked for

  size_t size() const { return in_reduction.size(); }
  int32_t strategies(size_t node) const {
    return static_cast<int32_t>(first[node + 1] - first[node]);
  }
  int32_t other(const Edge& edge, size_t node) const {
    return edge.a == static_cast<int32_t>(node) ? edge.b : edge.a;
  }
};

// `below`: answers of this total cost, or more, are not looked for; at most kForbidden. Needs a
// reduction that is not infeasible.
Core MakeCore(const Reduction& reduction, int64_t below);

// As a choice of the reduction.
Choice InReduction(const Reduction& reduction, const Core& core, const Choice& choice);

}  // namespace allot::strategies
