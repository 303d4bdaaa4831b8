#include <algorithm>
#include <numeric>

#include "design/search/layer_cuts.h"

namespace allot::design {
namespace {

using pipelines::CutArc;
using pipelines::CutGraph;

// Cut c lies behind all layers but the last c.
class ChainCuts final : public LayerCuts {
 public:
  ChainCuts(const Question& question, const LayerGraph& chain, const Share& share)
      : LayerCuts(question) {
    layers_ = chain.num_layers();
    const double word = question.space.rates.word.value();
    const bool training = IsTraining();
    // Weights and gradients, and two moments in one number more, as published.
    const double copies = training ? (question.adam ? 3 : 2) : 1;
    std::vector<BlockMemory> of_block;
    for (const Block& block : chain.blocks) {
      of_block.push_back(MemoryOf(block, share));
      split_ = split_ || (block.split && share.tensor > 1);
    }
    std::vector<double> received(layers_ + 1);  // bytes before a layer
    transfer_.resize(layers_ + 1);
    for (size_t i = 1; i < layers_; ++i) {
      received[i] = static_cast<double>(chain.edges[i - 1].elements) *
                    static_cast<double>(share.microbatch) * word;
      transfer_[i] = ToTicks(hardware::ByteCount(received[i]) / question.space.link);
    }
    // Cut c lies behind the first layers_ - c layers.
    for (size_t cut = 0; cut <= layers_; ++cut) {
      const size_t begin = layers_ - cut;
      skeleton_.layers_behind.push_back(static_cast<int32_t>(cut));
      skeleton_.first_arc.push_back(skeleton_.arcs.size());
      Memory memory;
      double weights = 0;
      bool split = false;
      for (size_t end = begin + 1; end <= layers_; ++end) {
        const auto block = static_cast<size_t>(chain.block_of[end - 1]);
        const BlockMemory& each = of_block[block];
        weights += each.weights.value() * word;
        memory.state = weights * copies;
        // Without a backward pass, what one layer makes is gone when the next has run.
        const double results = each.results.value() * word;
        memory.results = training ? memory.results + results : std::max(memory.results, results);
        memory.received = training ? received[begin] : 0;
        split = split || (chain.blocks[block].split && share.tensor > 1);
        CutArc arc;
        arc.to = static_cast<int32_t>(layers_ - end);
        arc.cost.split = split;
        arc.cost.most_behind = static_cast<int64_t>(layers_);
        if (training) {
          arc.cost.update = ToTicks(hardware::ByteCount(4 * weights) / question.space.link);
        }
        skeleton_.arcs.push_back(arc);
        memory_.push_back(memory);
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
