#include "placement/kinds/chips/search/orders.h"

#include <algorithm>
#include <utility>

#include "support/graph/topo_order.h"

namespace allot::chips {
namespace {

auto Successors(const Compiled& problem) {
  return [&problem](int32_t v, const auto& visit) {
    for (const int32_t w : problem.graph().successors(v)) visit(w);
  };
}

}  // namespace

std::vector<int32_t> LateSources(const Compiled& problem, double detour, Random& random) {
  const CsrGraph& graph = problem.graph();
  std::vector<int32_t> order;
  std::vector<bool> seen(static_cast<size_t>(problem.size()));
  struct Visit {
    int32_t node;
    std::vector<int32_t> open;  // the next one is last
  };
  std::vector<Visit> path;
  const auto enter = [&](int32_t v) {
    if (seen[static_cast<size_t>(v)]) return;
    seen[static_cast<size_t>(v)] = true;
    const auto read = graph.predecessors(v);
    Visit visit{v, std::vector<int32_t>(read.rbegin(), read.rend())};
    if (detour > 0 && visit.open.size() > 1 && random.Unit() < detour) {
      for (size_t i = visit.open.size(); i > 1; --i) {
        std::swap(visit.open[i - 1],
                  visit.open[static_cast<size_t>(random.Below(static_cast<int64_t>(i)))]);
      }
    }
    path.push_back(std::move(visit));
  };
  for (int32_t sink = 0; sink < problem.size(); ++sink) {
    if (!graph.successors(sink).empty()) continue;
    enter(sink);
    while (!path.empty()) {
      if (path.back().open.empty()) {
        order.push_back(path.back().node);
        path.pop_back();
        continue;
      }
      const int32_t next = path.back().open.back();
      path.back().open.pop_back();
      enter(next);
    }
  }
  return order;
}

std::vector<int32_t> BranchByBranch(const Compiled& problem) {
  return SortTopologically(problem.size(), Successors(problem), LastFirst<int32_t>()).order;
}

std::vector<int32_t> ByKeys(const Compiled& problem, const std::vector<double>& keys) {
  return SortTopologically(
             problem.size(), Successors(problem),
             BySmallestKey<int32_t>([&](int32_t v) { return keys[static_cast<size_t>(v)]; }))
      .order;
}

}  // namespace allot::chips
