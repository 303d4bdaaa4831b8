// One strategy for each node: what is paid for nodes and for edges between them, and what is used
// while a node lives. Problems of this form are those of the IOPDDL contest (ASPLOS/EuroSys 2025).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace allot::strategies {

// A cost of so much, or more, forbids: the choice, the pair of choices, or the whole answer.
inline constexpr int64_t kForbidden = 1'000'000'000'000'000'000;

// a + b where both are at most kForbidden, which absorbs.
inline int64_t AddCosts(int64_t a, int64_t b) { return a + b < kForbidden ? a + b : kForbidden; }

struct Node {
  int64_t begin = 0, end = 0;  // lives in [begin, end); never if they are equal
  size_t first = 0;            // of its strategies in Problem::costs and usages
  int32_t strategies = 0;
};

struct Edge {
  int32_t a = 0, b = 0;  // nodes; several edges may join the same two, and a node itself
  size_t first = 0;  // of its matrix in Problem::edge_costs: row by row, rows are a's strategies
};

// Flat, since there may be tens of millions of costs.
struct Problem {
  std::string name;
  int64_t usage_limit = 0;  // of all that live at the same time
  std::vector<Node> nodes;
  std::vector<int64_t> costs, usages;  // of the nodes' strategies
  std::vector<Edge> edges;
  std::vector<int64_t> edge_costs;

  int64_t EdgeCost(const Edge& edge, int32_t of_a, int32_t of_b) const {
    const auto columns = static_cast<size_t>(nodes[static_cast<size_t>(edge.b)].strategies);
    return edge_costs[edge.first + static_cast<size_t>(of_a) * columns + static_cast<size_t>(of_b)];
  }
};

using Choice = std::vector<int32_t>;  // the number of a strategy, by node

// The rules: indices and offsets fit, every node has a strategy, lives do not end before they
// begin, nothing is negative, all usages together fit 64 bits. One error that names the place.
// Linear.
absl::Status Check(const Problem& problem);

}  // namespace allot::strategies
