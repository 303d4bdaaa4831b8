#include "placement/kinds/pipelines/search/cut_graph.h"

#include <algorithm>
#include <numeric>

#include "placement/kinds/stages/value/block_graph.h"
#include "placement/kinds/stages/value/downsets.h"

namespace allot::pipelines {
namespace {

constexpr size_t kMostCuts = 40'000;

}  // namespace

bool IsWithin(const std::vector<bool>& inner, const std::vector<bool>& outer) {
  for (size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] && !outer[i]) return false;
  }
  return true;
}

Cuts FindCuts(size_t layers, const std::vector<std::pair<int32_t, int32_t>>& edges, int64_t work,
              bool& complete) {
  BlockGraph blocks;
  blocks.layers.resize(layers);
  blocks.before.resize(layers);
  for (const auto& [from, to] : edges) {
    blocks.before[static_cast<size_t>(to)].push_back(from);
  }
  AllDownsets all = FindAllDownsets(blocks, kMostCuts);
  const auto pairs = static_cast<double>(all.sets.size()) * static_cast<double>(all.sets.size());
  const double tests = pairs / 2 * (1 + static_cast<double>(layers) / 64);
  // A chain's cuts are always taken.
  complete = all.complete && (all.sets.size() <= layers + 1 || tests <= static_cast<double>(work));
  if (!complete) {
    all.sets = Downsets(layers);
    std::vector<int32_t> order(layers);
    std::iota(order.begin(), order.end(), 0);
    AddBeginnings(order, all.sets);
  }
  Cuts cuts;
  for (size_t set = 0; set < all.sets.size(); ++set) {
    std::vector<bool>& before = cuts.before.emplace_back(layers);
    for (size_t i = 0; i < layers; ++i) before[i] = all.sets.Has(set, static_cast<int32_t>(i));
  }
  // Stable: where sets are equally large, as they were found.
  std::stable_sort(cuts.before.begin(), cuts.before.end(), [](const auto& a, const auto& b) {
    return std::count(a.begin(), a.end(), true) > std::count(b.begin(), b.end(), true);
  });
  return cuts;
}

std::vector<int32_t> LayersBetween(const Cuts& cuts, size_t from, size_t to) {
  std::vector<int32_t> layers;
  const std::vector<bool>&before = cuts.before[from], &behind = cuts.before[to];
  for (size_t i = 0; i < before.size(); ++i) {
    if (!before[i] && behind[i]) layers.push_back(static_cast<int32_t>(i));
  }
  return layers;
}

CutGraph MakeCutGraph(const Problem& problem, const Width& width, const Cuts& cuts) {
  CutGraph graph;
  StageCoster coster(problem, width);
  for (size_t from = 0; from < cuts.before.size(); ++from) {
    const std::vector<bool>& before = cuts.before[from];
    graph.layers_behind.push_back(
        static_cast<int32_t>(std::count(before.begin(), before.end(), false)));
    graph.first_arc.push_back(graph.arcs.size());
    for (size_t to = 0; to < from; ++to) {
      if (!IsWithin(before, cuts.before[to])) continue;
      const std::vector<int32_t> layers = LayersBetween(cuts, from, to);
      if (layers.empty()) continue;
      const StageCost cost = coster.Cost(layers);
      if (cost.most_behind > 0) graph.arcs.push_back({static_cast<int32_t>(to), cost});
    }
  }
  graph.first_arc.push_back(graph.arcs.size());
  return graph;
}

}  // namespace allot::pipelines
