#include "placement/kinds/pipelines/search/best_pipeline.h"

#include <algorithm>

#include "placement/kinds/pipelines/search/data_degree.h"

namespace allot::pipelines {

int64_t PipelineSearch::DevicesOf(size_t stages, size_t counted) const {
  const auto all = static_cast<int64_t>(stages);
  if (!mixed_) return all * each_;
  const int64_t split = static_cast<int64_t>(counts_split_ ? counted : stages - counted);
  return all + (width_ - 1) * split;
}

size_t PipelineSearch::MostOf(const CutGraph& graph, bool split) {
  std::vector<size_t> most(graph.num_cuts());
  for (size_t cut = 1; cut < graph.num_cuts(); ++cut) {
    for (size_t a = graph.first_arc[cut]; a < graph.first_arc[cut + 1]; ++a) {
      const CutArc& arc = graph.arcs[a];
      const size_t own = arc.cost.split == split ? 1 : 0;
      most[cut] = std::max(most[cut], most[static_cast<size_t>(arc.to)] + own);
    }
  }
  return most.back();
}

void PipelineSearch::Measure(const CutGraph& graph, const PipelineLimits& limits) {
  bool some = false, all = true;
  for (const CutArc& arc : graph.arcs) {
    some = some || arc.cost.split;
    all = all && arc.cost.split;
  }
  mixed_ = some && !all;
  width_ = limits.width;
  each_ = some ? limits.width : 1;
  const int64_t least = mixed_ ? 1 : each_;
  const int64_t layers = graph.layers_behind.back();
  stages_ = static_cast<size_t>(
      std::max<int64_t>(0, std::min({layers, limits.devices / least, limits.most_stages})));
  counts_ = 1;
  if (mixed_) {
    const size_t split_most = MostOf(graph, true), whole_most = MostOf(graph, false);
    counts_split_ = split_most <= whole_most;
    counts_ = std::min(stages_, std::min(split_most, whole_most)) + 1;
  }
  least_.assign(graph.num_cuts() * counts_ * (stages_ + 1), kNoTicks);
  At(0, 0, 0) = 0;
  work_ = 0;
}

void PipelineSearch::Fill(const CutGraph& graph, size_t cut) {
  const auto behind = static_cast<size_t>(graph.layers_behind[cut]);
  for (size_t a = graph.first_arc[cut]; a < graph.first_arc[cut + 1]; ++a) {
    const CutArc& arc = graph.arcs[a];
    const auto to = static_cast<size_t>(arc.to);
    const size_t own = Counted(arc);
    const size_t most = std::min({stages_, behind, static_cast<size_t>(arc.cost.most_behind)});
    for (size_t counted = own; counted < counts_; ++counted) {
      const int64_t* const tail = &At(to, counted - own, 0);
      int64_t* const here = &At(cut, counted, 0);
      if (to == 0) {
        if (most >= 1 && tail[0] == 0) here[1] = std::min(here[1], arc.cost.last_load);
        continue;
      }
      const int64_t load = arc.cost.other_load;
      for (size_t s = 2; s <= most; ++s) here[s] = std::min(here[s], std::max(tail[s - 1], load));
    }
    work_ += static_cast<int64_t>(most * counts_);
  }
}

void PipelineSearch::ReadOff(const CutGraph& graph, const FirstStage& first, FoundPipeline& found) {
  size_t cut = graph.num_cuts() - 1, stages = first.stages, counted = first.counted,
         arc = first.arc;
  found.cuts = {static_cast<int32_t>(cut)};
  found.devices.clear();
  for (;;) {
    const CutArc& taken = graph.arcs[arc];
    found.devices.push_back(mixed_ ? (taken.cost.split ? width_ : 1) : each_);
    found.cuts.push_back(taken.to);
    cut = static_cast<size_t>(taken.to);
    stages -= 1;
    counted -= Counted(taken);
    if (cut == 0) return;
    const int64_t load = At(cut, counted, stages);
    for (arc = graph.first_arc[cut]; arc < graph.first_arc[cut + 1]; ++arc) {
      const CutArc& next = graph.arcs[arc];
      const size_t own = Counted(next);
      if (counted < own || static_cast<int64_t>(stages) > next.cost.most_behind) continue;
      const int64_t tail = At(static_cast<size_t>(next.to), counted - own, stages - 1);
      const int64_t its_load = stages == 1 ? next.cost.last_load : next.cost.other_load;
      if (tail != kNoTicks && std::max(tail, its_load) == load) break;
    }
  }
}

std::optional<FoundPipeline> PipelineSearch::Run(const CutGraph& graph,
                                                 const PipelineLimits& limits, int64_t below) {
  Measure(graph, limits);
  const size_t whole = graph.num_cuts() - 1;
  for (size_t cut = 1; cut < whole; ++cut) Fill(graph, cut);

  FoundPipeline found;
  found.value = below;
  std::optional<FirstStage> best;
  for (size_t s = 1; s <= stages_; ++s) {
    for (size_t a = graph.first_arc[whole]; a < graph.first_arc[whole + 1]; ++a) {
      const CutArc& arc = graph.arcs[a];
      if (static_cast<int64_t>(s) > arc.cost.most_behind) continue;
      const size_t own = Counted(arc);
      const int64_t its_load = s == 1 ? arc.cost.last_load : arc.cost.other_load;
      for (size_t counted = own; counted < std::min(counts_, s + 1); ++counted) {
        const int64_t tail = At(static_cast<size_t>(arc.to), counted - own, s - 1);
        const int64_t devices = DevicesOf(s, counted);
        ++work_;
        if (tail == kNoTicks || devices > limits.devices) continue;
        const int64_t load = std::max(tail, its_load), most = limits.devices / devices;
        const int64_t share = (limits.microbatches + most - 1) / most;
        if (load * (share + static_cast<int64_t>(s) - 1) >= found.value) continue;
        const DataDegree degree = BestDataDegree(load, static_cast<int64_t>(s), arc.cost.update,
                                                 limits.microbatches, most);
        if (degree.value >= found.value) continue;
        found.value = degree.value;
        found.copies = degree.copies;
        best = FirstStage{a, s, counted};
      }
    }
  }
  if (!best.has_value()) return std::nullopt;
  ReadOff(graph, *best, found);
  return found;
}

}  // namespace allot::pipelines
