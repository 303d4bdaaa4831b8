#include "design/search/model_plans.h"

#include <algorithm>

namespace allot::design {

using pipelines::CutArc;
using pipelines::CutGraph;
using pipelines::FoundPipeline;
using pipelines::PipelineSearch;

ModelPlans::ModelPlans(const Question& question, const LayerGraph& layers)
    : question_(question), layers_(layers), tasks_(question, layers) {
  for (const int64_t microbatch : question.microbatches) {
    for (const int64_t tensor : question.tensor_widths) {
      Prepared& prepared = prepared_.emplace_back(
          Prepared{MakeLayerCuts(question, layers, {microbatch, tensor}), {}});
      for (const int64_t memory : question.memories_gib) {
        for (const bool recompute : {false, true}) {
          prepared.most_behind.push_back(prepared.cuts->MostBehind(memory, recompute));
        }
      }
    }
  }
}

int64_t ModelPlans::num_plans() const {
  return static_cast<int64_t>(question_.microbatches.size() * question_.memories_gib.size() *
                              question_.recompute.size());
}

double ModelPlans::Rate(Ticks ticks, size_t microbatch) const {
  const int64_t samples = question_.objective == Objective::kLatency
                              ? question_.microbatches[microbatch]
                              : question_.batch;
  return static_cast<double>(samples) * kTicksPerSecond /
         static_cast<double>(std::max<Ticks>(1, ticks));
}

// The way with the least sum of loads, of the fewest stages.
std::optional<ModelPlans::Found> ModelPlans::RunLatency(const CutGraph& graph, int64_t width,
                                                        Ticks below) const {
  struct Way {
    Ticks ticks = PipelineSearch::kNoTicks;
    int64_t devices = 0;
    size_t arc = 0;
  };
  const int64_t devices = question_.devices;
  std::vector<Way> best(graph.num_cuts());
  best[0].ticks = 0;
  for (size_t cut = 1; cut < graph.num_cuts(); ++cut) {
    // Ascending: the longest stage first.
    for (size_t a = graph.first_arc[cut + 1]; a-- > graph.first_arc[cut];) {
      const CutArc& arc = graph.arcs[a];
      const Way& rest = best[static_cast<size_t>(arc.to)];
      if (arc.cost.most_behind < 1 || rest.ticks == PipelineSearch::kNoTicks) continue;
      const int64_t needs = rest.devices + (arc.cost.split ? width : 1);
      const Ticks ticks = arc.cost.last_load + rest.ticks;
      if (needs > devices || ticks >= best[cut].ticks) continue;
      best[cut] = {ticks, needs, a};
    }
  }
  if (best.back().ticks >= below) return std::nullopt;
  Found found{best.back().ticks, {}};
  found.pipeline.value = found.ticks;
  size_t cut = graph.num_cuts() - 1;
  found.pipeline.cuts.push_back(static_cast<int32_t>(cut));
  while (cut != 0) {
    const CutArc& arc = graph.arcs[best[cut].arc];
    found.pipeline.devices.push_back(arc.cost.split ? width : 1);
    found.pipeline.cuts.push_back(arc.to);
    cut = static_cast<size_t>(arc.to);
  }
  return found;
}

std::optional<ModelPlans::Found> ModelPlans::Run(const std::vector<Ticks>& times, size_t microbatch,
                                                 size_t tensor,
                                                 const std::vector<int64_t>& most_behind,
                                                 bool recompute, Ticks below,
                                                 Workspace& workspace) const {
  const size_t place = Place(microbatch, tensor);
  workspace.graphs.resize(prepared_.size());
  CutGraph& graph = workspace.graphs[place];
  const std::vector<LayerTimes> layers =
      TimesOfLayers(question_, layers_, tasks_, times, microbatch, tensor);
  if (layers.empty()) return std::nullopt;
  prepared_[place].cuts->Fill(layers, most_behind, recompute, graph);
  const int64_t width = question_.tensor_widths[tensor];
  if (question_.objective == Objective::kLatency) return RunLatency(graph, width, below);
  pipelines::PipelineLimits limits;
  limits.devices = question_.devices;
  limits.microbatches = std::max<int64_t>(1, question_.batch / question_.microbatches[microbatch]);
  limits.width = width;
  std::optional<FoundPipeline> pipeline = workspace.search.Run(graph, limits, below);
  if (!pipeline.has_value()) return std::nullopt;
  return Found{pipeline->value, *std::move(pipeline)};
}

PlanChoice ModelPlans::Best(const std::vector<Ticks>& times, size_t microbatch, size_t memory,
                            bool recompute, Workspace& workspace,
                            std::vector<PlannedStage>* stages) const {
  PlanChoice best;
  best.microbatch = question_.microbatches[microbatch];
  best.memory_gib = question_.memories_gib[memory];
  best.recompute = recompute;
  Ticks below = PipelineSearch::kNoTicks;
  for (size_t t = 0; t < question_.tensor_widths.size(); ++t) {
    const Prepared& prepared = prepared_[Place(microbatch, t)];
    // A width at which nothing is split is no other width.
    if (question_.tensor_widths[t] > 1 && !prepared.cuts->split()) continue;
    const std::vector<int64_t>& most = prepared.most_behind[memory * 2 + (recompute ? 1 : 0)];
    const std::optional<Found> found = Run(times, microbatch, t, most, recompute, below, workspace);
    if (!found.has_value()) continue;
    below = found->ticks;
    best.tensor = question_.tensor_widths[t];
    best.pipeline = static_cast<int64_t>(found->pipeline.cuts.size()) - 1;
    best.data = found->pipeline.copies;
    best.samples_per_s = Rate(found->ticks, microbatch);
    best.seconds = static_cast<double>(found->ticks) / kTicksPerSecond;
    if (stages == nullptr) continue;
    stages->clear();
    const CutGraph& graph = workspace.graphs[Place(microbatch, t)];
    for (size_t s = 0; s + 1 < found->pipeline.cuts.size(); ++s) {
      const int32_t from = found->pipeline.cuts[s], to = found->pipeline.cuts[s + 1];
      Ticks load = 0;
      for (size_t a = graph.first_arc[static_cast<size_t>(from)];
           a < graph.first_arc[static_cast<size_t>(from) + 1]; ++a) {
        if (graph.arcs[a].to != to) continue;
        load = to == 0 ? graph.arcs[a].cost.last_load : graph.arcs[a].cost.other_load;
      }
      stages->push_back({prepared.cuts->LayersBetween(from, to), found->pipeline.devices[s],
                         static_cast<double>(load) / kTicksPerSecond});
    }
  }
  return best;
}

double ModelPlans::Bound(const std::vector<Ticks>& times, Workspace& workspace) const {
  double bound = 0;
  // What fits a smaller memory fits the largest.
  const size_t memory = question_.memories_gib.size() - 1;
  for (size_t m = 0; m < question_.microbatches.size(); ++m) {
    for (const bool recompute : question_.recompute) {
      bound = std::max(bound, Best(times, m, memory, recompute, workspace).samples_per_s);
    }
  }
  return bound;
}

}  // namespace allot::design
