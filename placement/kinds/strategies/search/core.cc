#include "placement/kinds/strategies/search/core.h"

#include <algorithm>

#include "support/units.h"

namespace allot::strategies {
namespace {

// Sums of this many times what forbids, and as many prices, stay below 2^62.
constexpr int64_t kLargestSum = int64_t{1} << 61;
constexpr int64_t kLargestScale = int64_t{1} << 20;

// More than any answer costs that forbids nothing.
int64_t MoreThanAny(const Reduction& reduction) {
  const auto most = [](const std::vector<int64_t>& costs) {
    int64_t largest = 0;
    for (const int64_t cost : costs) {
      if (cost < kForbidden) largest = std::max(largest, cost);
    }
    return largest;
  };
  int64_t total = 1;
  for (const Reduction::Node& node : reduction.nodes()) {
    if (!node.present) continue;
    total = AddCosts(total, most(node.cost));
    for (const auto& [other, e] : node.edges) {
      const Reduction::Edge& edge = reduction.edges()[static_cast<size_t>(e)];
      if (edge.a < other) total = AddCosts(total, most(edge.cost));
    }
  }
  return total;
}

}  // namespace

Core MakeCore(const Reduction& reduction, int64_t below) {
  Core core;
  core.constant = reduction.constant();
  core.capacity = reduction.capacity();
  std::vector<int32_t> number(reduction.nodes().size(), -1);
  size_t degree = 0;
  for (size_t n = 0; n < number.size(); ++n) {
    if (!reduction.nodes()[n].present) continue;
    number[n] = static_cast<int32_t>(core.in_reduction.size());
    core.in_reduction.push_back(static_cast<int32_t>(n));
    degree = std::max(degree, reduction.nodes()[n].edges.size());
  }
  const int64_t most = kLargestSum / (4 * (static_cast<int64_t>(degree) + 2));
  int64_t limit = std::max<int64_t>(below - core.constant, 1);
  limit = std::min({limit, MoreThanAny(reduction), most});
  core.scale = std::clamp<int64_t>(most / limit, 1, kLargestScale);
  core.forbidden = limit * core.scale;
  const auto scaled = [&](int64_t cost) { return std::min(cost, limit) * core.scale; };
  core.edges_of.resize(core.size());
  core.usages.resize(core.size());
  for (size_t v = 0; v < core.size(); ++v) {
    const auto n = static_cast<size_t>(core.in_reduction[v]);
    const Reduction::Node& node = reduction.nodes()[n];
    core.first.push_back(core.cost.size());
    for (const int64_t cost : node.cost) core.cost.push_back(scaled(cost));
    for (const auto& [interval, used] : node.usages) {
      core.usages[v].push_back({interval.first, interval.second, core.used.size()});
      core.used.insert(core.used.end(), used.begin(), used.end());
    }
    for (const auto& [other, e] : node.edges) {
      if (static_cast<size_t>(other) < n) continue;
      const Reduction::Edge& edge = reduction.edges()[static_cast<size_t>(e)];
      const auto a = static_cast<size_t>(number[static_cast<size_t>(edge.a)]);
      const auto b = static_cast<size_t>(number[static_cast<size_t>(edge.b)]);
      const auto index = static_cast<int32_t>(core.edges.size());
      const size_t rows = reduction.nodes()[static_cast<size_t>(edge.a)].cost.size();
      const size_t columns = reduction.nodes()[static_cast<size_t>(edge.b)].cost.size();
      core.edges.push_back({static_cast<int32_t>(a), static_cast<int32_t>(b), core.edge_cost.size(),
                            core.ends, core.ends + rows, e});
      core.ends += rows + columns;
      for (const int64_t cost : edge.cost) core.edge_cost.push_back(scaled(cost));
      core.edges_of[a].push_back(index);
      core.edges_of[b].push_back(index);
    }
  }
  core.first.push_back(core.cost.size());
  for (size_t v = 0; v < core.size(); ++v) {
    std::sort(core.edges_of[v].begin(), core.edges_of[v].end(), [&](int32_t e, int32_t f) {
      return core.other(core.edges[static_cast<size_t>(e)], v) <
             core.other(core.edges[static_cast<size_t>(f)], v);
    });
  }
  return core;
}

Choice InReduction(const Reduction& reduction, const Core& core, const Choice& choice) {
  Choice all(reduction.nodes().size());
  for (size_t v = 0; v < core.size(); ++v) {
    all[static_cast<size_t>(core.in_reduction[v])] = choice[v];
  }
  return all;
}

}  // namespace allot::strategies
