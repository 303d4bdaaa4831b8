#include "design/search/layer_cuts.h"

#include <algorithm>
#include <cmath>

namespace allot::design {

LayerCuts::LayerCuts(const Question& question, const LayerGraph& graph, const Share& share)
    : question_(question), graph_(graph), share_(share), layers_(graph.num_layers()) {
  for (const Block& block : graph.blocks) {
    of_block_.push_back(MemoryOf(block, share));
    split_ = split_ || (block.split && share.tensor > 1);
  }
}

double LayerCuts::BytesOf(const LayerEdge& edge) const {
  return static_cast<double>(edge.elements) * static_cast<double>(share_.microbatch) *
         question_.space.rates.word.value();
}

Ticks LayerCuts::TransferOf(double bytes) const {
  return ToTicks(hardware::ByteCount(bytes) / question_.space.link);
}

void LayerCuts::AddLayer(size_t layer, StageSum& stage) const {
  const double word = question_.space.rates.word.value();
  // Weights and gradients, and two moments in one number more, as published.
  const double copies = IsTraining() ? (question_.adam ? 3 : 2) : 1;
  const auto block = static_cast<size_t>(graph_.block_of[layer]);
  const BlockMemory& each = of_block_[block];
  Memory& memory = stage.memory;
  stage.weights += each.weights.value() * word;
  memory.state = stage.weights * copies;
  // Without a backward pass, what one layer makes is gone when the next has run.
  const double results = each.results.value() * word;
  memory.results = IsTraining() ? memory.results + results : std::max(memory.results, results);
  stage.split = stage.split || (graph_.blocks[block].split && share_.tensor > 1);
}

void LayerCuts::AddArc(const StageSum& stage, int32_t to) {
  pipelines::CutArc arc;
  arc.to = to;
  arc.cost.split = stage.split;
  arc.cost.most_behind = static_cast<int64_t>(layers_);
  if (IsTraining()) arc.cost.update = TransferOf(4 * stage.weights);
  skeleton_.arcs.push_back(arc);
  memory_.push_back(stage.memory);
}

std::vector<int64_t> LayerCuts::MostBehind(int64_t memory_gib, bool recompute) const {
  constexpr double kGib = 1073741824.0;
  std::vector<int64_t> most;
  for (const Memory& memory : memory_) {
    const double left = static_cast<double>(memory_gib) * kGib - memory.state - memory.results;
    const double kept = !IsTraining() ? 0 : recompute ? memory.received : memory.results;
    const auto all = static_cast<double>(layers_);
    most.push_back(left < 0 ? 0
                            : static_cast<int64_t>(
                                  kept <= 0 ? all : std::min(all, 1 + std::floor(left / kept))));
  }
  return most;
}

std::unique_ptr<LayerCuts> MakeLayerCuts(const Question& question, const LayerGraph& graph,
                                         const Share& share) {
  return graph.is_chain() ? MakeChainCuts(question, graph, share)
                          : MakeBranchCuts(question, graph, share);
}

}  // namespace allot::design
