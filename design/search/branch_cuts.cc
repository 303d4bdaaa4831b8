#include <algorithm>
#include <limits>

#include "design/search/layer_cuts.h"

namespace allot::design {
namespace {

using pipelines::CutArc;
using pipelines::CutGraph;

class BranchCuts final : public LayerCuts {
 public:
  BranchCuts(const Question& question, const LayerGraph& graph, const Share& share)
      : LayerCuts(question) {
    layers_ = graph.num_layers();
    const double word = question.space.rates.word.value();
    std::vector<std::pair<int32_t, int32_t>> edges;
    before_.resize(layers_), after_.resize(layers_);
    for (const LayerEdge& edge : graph.edges) {
      const double bytes =
          static_cast<double>(edge.elements) * static_cast<double>(share.microbatch) * word;
      const Ticks ticks = ToTicks(hardware::ByteCount(bytes) / question.space.link);
      before_[static_cast<size_t>(edge.to)].push_back({edge.from, ticks, bytes});
      after_[static_cast<size_t>(edge.from)].push_back({edge.to, ticks, bytes});
      edges.emplace_back(edge.from, edge.to);
    }
    bool complete = false;
    cuts_ = pipelines::FindCuts(layers_, edges, std::numeric_limits<int64_t>::max(), complete);
    std::vector<BlockMemory> of_block;
    for (const Block& block : graph.blocks) {
      of_block.push_back(MemoryOf(block, share));
      split_ = split_ || (block.split && share.tensor > 1);
    }
    for (size_t from = 0; from < cuts_.before.size(); ++from) {
      const std::vector<bool>& before = cuts_.before[from];
      skeleton_.layers_behind.push_back(
          static_cast<int32_t>(std::count(before.begin(), before.end(), false)));
      skeleton_.first_arc.push_back(skeleton_.arcs.size());
      // The shortest stage first, as of a chain.
      for (size_t to = from; to-- > 0;) {
        if (!pipelines::IsWithin(before, cuts_.before[to])) continue;
        std::vector<int32_t> layers = pipelines::LayersBetween(cuts_, from, to);
        if (layers.empty()) continue;
        AddArc(graph, share, of_block, static_cast<int32_t>(to), layers);
        AddStage(std::move(layers));
      }
    }
    skeleton_.first_arc.push_back(skeleton_.arcs.size());
  }

  void Fill(const std::vector<LayerTimes>& layers, const std::vector<int64_t>& most_behind,
            bool recompute, CutGraph& graph) const override {
    if (graph.arcs.size() != skeleton_.arcs.size()) graph = skeleton_;
    for (size_t at = 0; at < stages_.size(); ++at) {
      pipelines::StageCost& cost = graph.arcs[at].cost;
      cost = skeleton_.arcs[at].cost;
      const StageOfLayers& stage = stages_[at];
      Ticks again = 0;
      if (recompute) {
        for (const int32_t layer : stage.layers)
          again += layers[static_cast<size_t>(layer)].forward;
      }
      const Ticks forward = Forward(stage, layers);
      cost.last_load = forward + Backward(stage, layers, 0);
      cost.other_load = recompute ? forward + Backward(stage, layers, again) : cost.last_load;
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

  void AddArc(const LayerGraph& graph, const Share& share, const std::vector<BlockMemory>& of_block,
              int32_t to, const std::vector<int32_t>& layers) {
    const double word = question_.space.rates.word.value();
    const double copies = IsTraining() ? (question_.adam ? 3 : 2) : 1;
    Memory memory;
    double weights = 0;
    CutArc arc;
    arc.to = to;
    for (const int32_t layer : layers) {
      const auto block = static_cast<size_t>(graph.block_of[static_cast<size_t>(layer)]);
      const BlockMemory& each = of_block[block];
      weights += each.weights.value() * word;
      const double results = each.results.value() * word;
      memory.results = IsTraining() ? memory.results + results : std::max(memory.results, results);
      arc.cost.split = arc.cost.split || (graph.blocks[block].split && share.tensor > 1);
      for (const Neighbour& source : before_[static_cast<size_t>(layer)]) {
        const bool inside = std::binary_search(layers.begin(), layers.end(), source.layer);
        if (!inside && IsTraining()) memory.received += source.bytes;
      }
    }
    memory.state = weights * copies;
    arc.cost.most_behind = static_cast<int64_t>(layers_);
    if (IsTraining()) {
      arc.cost.update = ToTicks(hardware::ByteCount(4 * weights) / question_.space.link);
    }
    skeleton_.arcs.push_back(arc);
    memory_.push_back(memory);
  }

  // What layer number `at` of a stage waits for, from or for other stages.
  struct Wait {
    size_t at = 0;
    Ticks ticks = 0;
  };
  struct StageOfLayers {
    std::vector<int32_t> layers;
    std::vector<Wait> forward, backward;  // in the order in which they are met
  };

  void AddStage(std::vector<int32_t> layers) {
    StageOfLayers stage;
    const auto wait_of = [&](const std::vector<Neighbour>& neighbours) {
      Ticks most = 0;
      for (const Neighbour& each : neighbours) {
        const bool inside = std::binary_search(layers.begin(), layers.end(), each.layer);
        if (!inside) most = std::max(most, each.ticks);
      }
      return most;
    };
    for (size_t at = 0; at < layers.size(); ++at) {
      const Ticks ticks = wait_of(before_[static_cast<size_t>(layers[at])]);
      if (ticks > 0) stage.forward.push_back({at, ticks});
    }
    for (size_t at = layers.size(); at-- > 0 && IsTraining();) {
      const Ticks ticks = wait_of(after_[static_cast<size_t>(layers[at])]);
      if (ticks > 0) stage.backward.push_back({at, ticks});
    }
    stage.layers = std::move(layers);
    stages_.push_back(std::move(stage));
  }

  // Layers run in their order, each once what it reads from elsewhere is there.
  static Ticks Forward(const StageOfLayers& stage, const std::vector<LayerTimes>& layers) {
    Ticks now = 0;
    auto wait = stage.forward.begin();
    for (size_t at = 0; at < stage.layers.size(); ++at) {
      if (wait != stage.forward.end() && wait->at == at) now = std::max(now, wait++->ticks);
      now += layers[static_cast<size_t>(stage.layers[at])].forward;
    }
    return now;
  }
  static Ticks Backward(const StageOfLayers& stage, const std::vector<LayerTimes>& layers,
                        Ticks start) {
    Ticks now = start;
    auto wait = stage.backward.begin();
    for (size_t at = stage.layers.size(); at-- > 0;) {
      if (wait != stage.backward.end() && wait->at == at) now = std::max(now, wait++->ticks);
      now += layers[static_cast<size_t>(stage.layers[at])].backward;
    }
    return now;
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
