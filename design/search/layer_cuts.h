// The stages of the layers of a model as a graph of cuts (placement/kinds/pipelines/search/): what
// does not depend on the accelerator is found once, and loads are filled in.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "design/search/question.h"
#include "placement/kinds/pipelines/search/cut_graph.h"

namespace allot::design {

// Of a layer and a microbatch.
struct LayerTimes {
  Ticks forward = 0, backward = 0;
};

// A stage is what lies between two sets of layers that may be before a cut, one within the other;
// of a chain they are its beginnings, else all there are, and a stage may be branches side by side,
// which a device runs one after another. Costs are those of the kind `pipelines`.
class LayerCuts {
 public:
  virtual ~LayerCuts() = default;

  // Whether a device of that memory can hold the stages, by arc: how many stages may be behind.
  std::vector<int64_t> MostBehind(int64_t memory_gib, bool recompute) const;

  // The graph with these loads; `most_behind` as MostBehind() has it, or empty for no limit.
  // O(arcs) of a chain, else times the runs of layers of a stage, and what it waits for.
  virtual void Fill(const std::vector<LayerTimes>& layers, const std::vector<int64_t>& most_behind,
                    bool recompute, pipelines::CutGraph& graph) const = 0;

  // The layers of a stage between two cuts, ascending.
  virtual std::vector<int32_t> LayersBetween(int32_t from, int32_t to) const = 0;

  bool split() const { return split_; }

 protected:
  // What a device keeps of a stage, in bytes: with its weights, of a microbatch, and of that what
  // it has received.
  struct Memory {
    double state = 0, results = 0, received = 0;
  };

  // A stage as layers are added to it.
  struct StageSum {
    Memory memory;
    double weights = 0;  // bytes
    bool split = false;
  };

  LayerCuts(const Question& question, const LayerGraph& graph, const Share& share);

  bool IsTraining() const { return question_.objective == Objective::kTraining; }
  double BytesOf(const LayerEdge& edge) const;
  Ticks TransferOf(double bytes) const;
  void AddLayer(size_t layer, StageSum& stage) const;
  // An arc for the stage; its loads are filled in later.
  void AddArc(const StageSum& stage, int32_t to);

  const Question& question_;
  const LayerGraph& graph_;
  const Share share_;
  const size_t layers_;
  std::vector<BlockMemory> of_block_;
  bool split_ = false;  // some block is
  pipelines::CutGraph skeleton_;
  std::vector<Memory> memory_;  // by arc
};

// For one microbatch and tensor width. The graph and the question must outlive it.
std::unique_ptr<LayerCuts> MakeChainCuts(const Question& question, const LayerGraph& graph,
                                         const Share& share);
std::unique_ptr<LayerCuts> MakeBranchCuts(const Question& question, const LayerGraph& graph,
                                          const Share& share);
// The former for a chain, the latter for all else.
std::unique_ptr<LayerCuts> MakeLayerCuts(const Question& question, const LayerGraph& graph,
                                         const Share& share);

}  // namespace allot::design
