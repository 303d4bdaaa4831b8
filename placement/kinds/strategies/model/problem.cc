#include "placement/kinds/strategies/model/problem.h"

#include <algorithm>
#include <limits>

#include "support/status.h"
#include "support/units.h"

namespace allot::strategies {
namespace {

constexpr int64_t kMaxUsage = std::numeric_limits<int64_t>::max() / 4;  // of all nodes together
constexpr int64_t kMaxTime = int64_t{1} << 60;

absl::Status CheckNode(const Problem& problem, size_t n, Int128& most_used) {
  const Node& node = problem.nodes[n];
  if (node.strategies < 1) return InputError("nodes.costs[", n, "]: has no strategy");
  const size_t count = static_cast<size_t>(node.strategies), end = node.first + count;
  if (end > problem.costs.size() || end > problem.usages.size()) {
    return InputError("nodes.costs[", n, "]: costs and usages are missing");
  }
  if (node.end < node.begin) {
    return InputError("nodes.intervals[", n, "]: ends at ", node.end, ", before it begins, at ",
                      node.begin);
  }
  if (node.begin < -kMaxTime || node.end > kMaxTime) {
    return InputError("nodes.intervals[", n, "]: must be within ", kMaxTime, " of 0");
  }
  int64_t largest = 0;
  for (size_t s = 0; s < count; ++s) {
    if (problem.costs[node.first + s] < 0) {
      return InputError("nodes.costs[", n, "][", s, "]: must not be negative");
    }
    const int64_t usage = problem.usages[node.first + s];
    if (usage < 0) return InputError("nodes.usages[", n, "][", s, "]: must not be negative");
    largest = std::max(largest, usage);
  }
  most_used += largest;
  return absl::OkStatus();
}

absl::Status CheckEdge(const Problem& problem, size_t e) {
  const Edge& edge = problem.edges[e];
  for (const int32_t node : {edge.a, edge.b}) {
    if (node < 0 || static_cast<size_t>(node) >= problem.nodes.size()) {
      return InputError("edges.nodes[", e, "]: there is no node ", node, "; there are ",
                        problem.nodes.size(), ", counted from 0");
    }
  }
  const auto rows = static_cast<size_t>(problem.nodes[static_cast<size_t>(edge.a)].strategies);
  const auto columns = static_cast<size_t>(problem.nodes[static_cast<size_t>(edge.b)].strategies);
  if (edge.first + rows * columns > problem.edge_costs.size()) {
    return InputError("edges.costs[", e, "]: costs are missing");
  }
  const auto first = problem.edge_costs.begin() + static_cast<std::ptrdiff_t>(edge.first);
  const auto last = first + static_cast<std::ptrdiff_t>(rows * columns);
  const auto negative = std::find_if(first, last, [](int64_t cost) { return cost < 0; });
  if (negative != last) {
    return InputError("edges.costs[", e, "][", negative - first, "]: must not be negative");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Check(const Problem& problem) {
  if (problem.nodes.empty()) return InputError("nodes: the problem has no node");
  if (problem.usage_limit < 0) return InputError("usage_limit: must not be negative");
  Int128 most_used = 0;
  for (size_t n = 0; n < problem.nodes.size(); ++n) {
    ALLOT_RETURN_IF_ERROR(CheckNode(problem, n, most_used));
  }
  if (most_used > kMaxUsage) {
    return InputError("nodes.usages: the largest of all nodes together exceed ", kMaxUsage);
  }
  for (size_t e = 0; e < problem.edges.size(); ++e) {
    ALLOT_RETURN_IF_ERROR(CheckEdge(problem, e));
  }
  return absl::OkStatus();
}

}  // namespace allot::strategies
