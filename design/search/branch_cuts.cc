#include <algorithm>
#include <limits>

#include "design/search/layer_cuts.h"

namespace allot::design {
namespace {

using pipelines::CutGraph;

class BranchCuts final : public LayerCuts {
 public:
  BranchCuts(const Question& question, const LayerGraph& graph, const Share& share)
      : LayerCuts(question, graph, share) {
    std::vector<std::pair<int32_t, int32_t>> edges;
    before_.resize(layers_), after_.resize(layers_);
    for (const LayerEdge& edge : graph.edges) {
      const double bytes = BytesOf(edge);
      const Ticks ticks = TransferOf(bytes);
      before_[static_cast<size_t>(edge.to)].push_back({edge.from, ticks, bytes});
      after_[static_cast<size_t>(edge.from)].push_back({edge.to, ticks, bytes});
      edges.emplace_back(edge.from, edge.to);
    }
    bool complete = false;
    cuts_ = pipelines::FindCuts(layers_, edges, std::numeric_limits<int64_t>::max(), complete);
    for (size_t from = 0; from < cuts_.before.size(); ++from) {
      const std::vector<bool>& before = cuts_.before[from];
      skeleton_.layers_behind.push_back(
          static_cast<int32_t>(std::count(before.begin(), before.end(), false)));
      skeleton_.first_arc.push_back(skeleton_.arcs.size());
      // The shortest stage first, as of a chain.
      for (size_t to = from; to-- > 0;) {
        if (!pipelines::IsWithin(before, cuts_.before[to])) continue;
        const std::vector<int32_t> layers = pipelines::LayersBetween(cuts_, from, to);
        if (layers.empty()) continue;
        AddArc(SumOf(layers), static_cast<int32_t>(to));
        AddStage(layers);
      }
    }
    skeleton_.first_arc.push_back(skeleton_.arcs.size());
  }

  void Fill(const std::vector<LayerTimes>& layers, const std::vector<int64_t>& most_behind,
            bool recompute, CutGraph& graph) const override {
    if (graph.arcs.size() != skeleton_.arcs.size()) graph = skeleton_;
    Sums sums{{0}, {0}};
    for (const LayerTimes& each : layers) {
      sums.forward.push_back(sums.forward.back() + each.forward);
      sums.backward.push_back(sums.backward.back() + each.backward);
    }
    for (size_t at = 0; at < stages_.size(); ++at) {
      pipelines::StageCost& cost = graph.arcs[at].cost;
      cost = skeleton_.arcs[at].cost;
      const StageOfLayers& stage = stages_[at];
      const Ticks all = Sum(stage, 0, stage.runs.size(), sums.forward);
      const Ticks forward = Forward(stage, sums, all);
      cost.last_load = forward + Backward(stage, sums, 0);
      cost.other_load = recompute ? forward + Backward(stage, sums, all) : cost.last_load;
      if (!most_behind.empty()) cost.most_behind = most_behind[at];
    }
  }

  std::vector<int32_t> LayersBetween(int32_t from, int32_t to) const override {
    return pipelines::LayersBetween(cuts_, static_cast<size_t>(from), static_cast<size_t>(to));
  }

 private:
  struct Neighbour {
    int32_t layer = 0;
    Ticks ticks = 0;
    double bytes = 0;
  };

  StageSum SumOf(const std::vector<int32_t>& layers) const {
    StageSum stage;
    for (const int32_t layer : layers) {
      AddLayer(static_cast<size_t>(layer), stage);
      for (const Neighbour& source : before_[static_cast<size_t>(layer)]) {
        const bool inside = std::binary_search(layers.begin(), layers.end(), source.layer);
        if (!inside && IsTraining()) stage.memory.received += source.bytes;
      }
    }
    return stage;
  }

  // Of the layers before a layer, and of all.
  struct Sums {
    std::vector<Ticks> forward, backward;
  };
  // Layers begin to end.
  struct RunOfLayers {
    size_t begin = 0, end = 0;
  };
  // A layer waits so many ticks for what other stages make, or read.
  struct Wait {
    size_t run = 0, layer = 0;
    Ticks ticks = 0;
  };
  struct StageOfLayers {
    std::vector<RunOfLayers> runs;
    // Those that an earlier one does not cover, in the order in which they are met.
    std::vector<Wait> forward, backward;
  };

  void AddStage(const std::vector<int32_t>& layers) {
    StageOfLayers stage;
    std::vector<size_t> run_of;
    for (const int32_t each : layers) {
      const auto layer = static_cast<size_t>(each);
      const bool goes_on = !stage.runs.empty() && stage.runs.back().end == layer;
      if (!goes_on) stage.runs.push_back({layer, layer});
      stage.runs.back().end = layer + 1;
      run_of.push_back(stage.runs.size() - 1);
    }
    const auto add = [&](size_t at, const std::vector<Neighbour>& neighbours, auto& waits) {
      Ticks most = waits.empty() ? 0 : waits.back().ticks;
      const Ticks before = most;
      for (const Neighbour& each : neighbours) {
        const bool inside = std::binary_search(layers.begin(), layers.end(), each.layer);
        if (!inside) most = std::max(most, each.ticks);
      }
      if (most == before) return;
      waits.push_back({run_of[at], static_cast<size_t>(layers[at]), most});
    };
    for (size_t at = 0; at < layers.size(); ++at) {
      add(at, before_[static_cast<size_t>(layers[at])], stage.forward);
    }
    for (size_t at = layers.size(); at-- > 0 && IsTraining();) {
      add(at, after_[static_cast<size_t>(layers[at])], stage.backward);
    }
    stages_.push_back(std::move(stage));
  }

  // Of the runs begin to end.
  static Ticks Sum(const StageOfLayers& stage, size_t begin, size_t end,
                   const std::vector<Ticks>& sums) {
    Ticks sum = 0;
    for (size_t run = begin; run < end; ++run) {
      sum += sums[stage.runs[run].end] - sums[stage.runs[run].begin];
    }
    return sum;
  }

  // Layers run in their order, each once what it reads from elsewhere is there: after a wait comes
  // at least all that is left.
  static Ticks Forward(const StageOfLayers& stage, const Sums& sums, Ticks all) {
    Ticks end = all;
    for (const Wait& wait : stage.forward) {
      const Ticks left = sums.forward[stage.runs[wait.run].end] - sums.forward[wait.layer] +
                         Sum(stage, wait.run + 1, stage.runs.size(), sums.forward);
      end = std::max(end, wait.ticks + left);
    }
    return end;
  }
  static Ticks Backward(const StageOfLayers& stage, const Sums& sums, Ticks start) {
    Ticks end = start + Sum(stage, 0, stage.runs.size(), sums.backward);
    for (const Wait& wait : stage.backward) {
      const Ticks left = sums.backward[wait.layer + 1] - sums.backward[stage.runs[wait.run].begin] +
                         Sum(stage, 0, wait.run, sums.backward);
      end = std::max(end, wait.ticks + left);
    }
    return end;
  }

  std::vector<std::vector<Neighbour>> before_, after_;  // by layer
  pipelines::Cuts cuts_;
  std::vector<StageOfLayers> stages_;  // by arc
};

}  // namespace

std::unique_ptr<LayerCuts> MakeBranchCuts(const Question& question, const LayerGraph& graph,
                                          const Share& share) {
  return std::make_unique<BranchCuts>(question, graph, share);
}

}  // namespace allot::design
