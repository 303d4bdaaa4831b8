#include <algorithm>
#include <numeric>

#include "design/search/layer_cuts.h"

namespace allot::design {
namespace {

using pipelines::CutGraph;

// Cut c lies behind all layers but the last c.
class ChainCuts final : public LayerCuts {
 public:
  ChainCuts(const Question& question, const LayerGraph& chain, const Share& share)
      : LayerCuts(question, chain, share) {
    std::vector<double> received(layers_ + 1);  // bytes before a layer
    transfer_.resize(layers_ + 1);
    for (size_t i = 1; i < layers_; ++i) {
      received[i] = BytesOf(chain.edges[i - 1]);
      transfer_[i] = TransferOf(received[i]);
    }
    for (size_t cut = 0; cut <= layers_; ++cut) {
      const size_t begin = layers_ - cut;
      skeleton_.layers_behind.push_back(static_cast<int32_t>(cut));
      skeleton_.first_arc.push_back(skeleton_.arcs.size());
      StageSum stage;
      stage.memory.received = IsTraining() ? received[begin] : 0;
      for (size_t end = begin + 1; end <= layers_; ++end) {
        AddLayer(end - 1, stage);
        AddArc(stage, static_cast<int32_t>(layers_ - end));
      }
    }
    skeleton_.first_arc.push_back(skeleton_.arcs.size());
  }

  void Fill(const std::vector<LayerTimes>& layers, const std::vector<int64_t>& most_behind,
            bool recompute, CutGraph& graph) const override {
    if (graph.arcs.size() != skeleton_.arcs.size()) graph = skeleton_;
    size_t at = 0;
    const bool training = IsTraining();
    for (size_t cut = 0; cut <= layers_; ++cut) {
      const size_t begin = layers_ - cut;
      Ticks forward = 0, backward = 0;
      for (size_t end = begin + 1; end <= layers_; ++end, ++at) {
        forward += layers[end - 1].forward;
        backward += layers[end - 1].backward;
        pipelines::StageCost& cost = graph.arcs[at].cost;
        cost = skeleton_.arcs[at].cost;
        const Ticks before = transfer_[begin], behind = training ? transfer_[end] : 0;
        cost.last_load = before + forward + behind + backward;
        cost.other_load =
            recompute ? before + forward + std::max(forward, behind) + backward : cost.last_load;
        if (!most_behind.empty()) cost.most_behind = most_behind[at];
      }
    }
  }

  std::vector<int32_t> LayersBetween(int32_t from, int32_t to) const override {
    std::vector<int32_t> layers(static_cast<size_t>(from - to));
    std::iota(layers.begin(), layers.end(), static_cast<int32_t>(layers_) - from);
    return layers;
  }

 private:
  std::vector<Ticks> transfer_;  // before a layer; 0 before the first and behind the last
};

}  // namespace

std::unique_ptr<LayerCuts> MakeChainCuts(const Question& question, const LayerGraph& graph,
                                         const Share& share) {
  return std::make_unique<ChainCuts>(question, graph, share);
}

}  // namespace allot::design
