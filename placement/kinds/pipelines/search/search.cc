#include "placement/kinds/pipelines/search/search.h"

#include <algorithm>
#include <cmath>

#include "placement/kinds/pipelines/search/best_pipeline.h"
#include "placement/kinds/pipelines/search/cut_graph.h"
#include "placement/kinds/pipelines/search/data_degree.h"

namespace allot::pipelines {
namespace {

Plan PlanOf(const Width& width, const Cuts& cuts, const FoundPipeline& found) {
  Plan plan;
  plan.tensor = width.devices;
  plan.data = found.copies;
  for (size_t s = 0; s + 1 < found.cuts.size(); ++s) {
    plan.stages.push_back({LayersBetween(cuts, static_cast<size_t>(found.cuts[s]),
                                         static_cast<size_t>(found.cuts[s + 1])),
                           found.devices[s]});
  }
  return plan;
}

// What the tables of a search need, with all numbers of stages.
double TablesOf(const CutGraph& graph) {
  const auto layers = static_cast<double>(graph.layers_behind.back());
  const bool some = std::any_of(graph.arcs.begin(), graph.arcs.end(),
                                [](const CutArc& arc) { return arc.cost.split; });
  const bool all = std::all_of(graph.arcs.begin(), graph.arcs.end(),
                               [](const CutArc& arc) { return arc.cost.split; });
  return layers * (some && !all ? layers : 1);
}

constexpr double kMostEntries = 5e7;  // of the tables: 400 MB
constexpr double kArcsPerWork = 500;  // an arc with a number of stages takes a nanosecond

}  // namespace

int64_t WorkBound(const Problem& problem) {
  int64_t bound = PipelineSearch::kNoTicks;
  const auto layers = static_cast<int64_t>(problem.names.size());
  for (const Width& width : problem.widths) {
    int64_t all = 0, longest = 0;
    bool split = true;
    for (const Layer& layer : width.layers) {
      all += layer.forward + layer.backward;
      longest = std::max(longest, layer.forward + layer.backward);
      split = split && layer.split;
    }
    const int64_t least = split ? width.devices : 1;
    for (int64_t s = 1; s <= std::min(layers, problem.devices / least); ++s) {
      const int64_t load = std::max(longest, (all + s - 1) / s);
      const int64_t most = problem.devices / (s * least);
      bound = std::min(bound, BestDataDegree(load, s, 0, problem.microbatches, most).value);
    }
  }
  return bound == PipelineSearch::kNoTicks ? 0 : bound;
}

Found Search(const Problem& problem, Method method, const SolveLimits& limits) {
  Found found;
  bool complete = false;
  const Cuts cuts = FindCuts(problem.names.size(), problem.edges,
                             method == Method::kChain ? 0 : limits.work, complete);
  found.complete = complete;
  PipelineSearch search;
  int64_t best = PipelineSearch::kNoTicks;
  for (const Width& width : problem.widths) {
    if (limits.stop != nullptr && limits.stop()) {
      found.complete = false;
      break;
    }
    const CutGraph graph = MakeCutGraph(problem, width, cuts);
    PipelineLimits cut_for{problem.devices, problem.microbatches, width.devices};
    const double tables = TablesOf(graph);
    const double most = std::min(kMostEntries / static_cast<double>(graph.num_cuts()),
                                 kArcsPerWork * static_cast<double>(limits.work) /
                                     static_cast<double>(graph.arcs.size() + 1));
    if (tables > most) {
      const double part =
          tables == static_cast<double>(problem.names.size()) ? most : std::sqrt(most);
      cut_for.most_stages = std::max<int64_t>(1, static_cast<int64_t>(part));
      found.complete = false;
    }
    const std::optional<FoundPipeline> pipeline = search.Run(graph, cut_for, best);
    found.work += search.work();
    if (!pipeline.has_value()) continue;
    best = pipeline->value;
    found.plan = PlanOf(width, cuts, *pipeline);
    if (limits.progress) limits.progress(best, 0, found.work);
  }
  if (found.complete && found.plan.has_value()) found.bound = best;
  if (!found.complete) found.bound = WorkBound(problem);
  return found;
}

}  // namespace allot::pipelines
