// The stages of a chain of layers as a graph of cuts (placement/kinds/pipelines/search/): what does
// not depend on the accelerator is found once, and loads are filled in.
#pragma once

#include <cstdint>
#include <vector>

#include "design/search/question.h"
#include "placement/kinds/pipelines/search/cut_graph.h"

namespace allot::design {

// Of a layer and a microbatch.
struct LayerTimes {
  Ticks forward = 0, backward = 0;
};

class ChainCuts {
 public:
  // For one microbatch and tensor width. The chain and the question must outlive it.
  ChainCuts(const Question& question, const Chain& chain, const Share& share);

  // Whether a device of that memory can hold the stages, by arc: how many stages may be behind.
  std::vector<int64_t> MostBehind(int64_t memory_gib, bool recompute) const;

  // The graph with these loads; `most_behind` as MostBehind() has it, or empty for no limit.
  void Fill(const std::vector<LayerTimes>& layers, const std::vector<int64_t>& most_behind,
            bool recompute, pipelines::CutGraph& graph) const;

  // The layers of a stage between two cuts.
  std::pair<size_t, size_t> LayersBetween(int32_t from, int32_t to) const;
  Ticks TransferBefore(size_t layer) const { return transfer_[layer]; }
  bool split() const { return split_; }

 private:
  struct Memory {
    double state = 0, results = 0, received = 0;  // bytes
  };

  const Question& question_;
  const size_t layers_;
  bool split_ = false;  // some block is
  pipelines::CutGraph skeleton_;
  std::vector<Memory> memory_;   // by arc
  std::vector<Ticks> transfer_;  // before a layer; 0 before the first and behind the last
};

}  // namespace allot::design
