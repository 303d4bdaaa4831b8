// The best pipeline through a graph of cuts: dynamic programming from the last stage to the first,
// over the number of stages behind a cut and how many of them are split. That is PHAZE's, with only
// those numbers of devices that occur instead of all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "placement/kinds/pipelines/search/cut_graph.h"

namespace allot::pipelines {

// What a pipeline is cut for.
struct PipelineLimits {
  int64_t devices = 1, microbatches = 1;
  int64_t width = 1;  // devices of a split stage; others have one
  int64_t most_stages = std::numeric_limits<int64_t>::max();  // that are looked at
};

struct FoundPipeline {
  int64_t value = 0;  // ticks of a batch
  int64_t copies = 1;
  std::vector<int32_t> cuts;     // from before all layers to behind them: one more than stages
  std::vector<int64_t> devices;  // of each stage
};

// Keeps its tables from call to call.
class PipelineSearch {
 public:
  // The pipeline with the least value, if any fits and its value is less than `below`. Of several
  // the one that is found first: stages from few to many. O(arcs * stages), and if some arcs are
  // split and some are not, times the most of the rarer kind that a pipeline can have.
  std::optional<FoundPipeline> Run(const CutGraph& graph, const PipelineLimits& limits,
                                   int64_t below = kNoTicks);
  // The arcs times stages that the last call looked at.
  int64_t work() const { return work_; }

  static constexpr int64_t kNoTicks = std::numeric_limits<int64_t>::max();

 private:
  struct FirstStage {
    size_t arc = 0, stages = 0, counted = 0;
  };

  void Measure(const CutGraph& graph, const PipelineLimits& limits);
  // The most arcs of a kind on a way through the graph.
  static size_t MostOf(const CutGraph& graph, bool split);
  void Fill(const CutGraph& graph, size_t cut);
  // Of so many stages behind a cut, of which `counted` are of the kind that is counted.
  int64_t& At(size_t cut, size_t counted, size_t stages) {
    return least_[(cut * counts_ + counted) * (stages_ + 1) + stages];
  }
  int64_t DevicesOf(size_t stages, size_t counted) const;
  size_t Counted(const CutArc& arc) const {
    return mixed_ && arc.cost.split == counts_split_ ? 1 : 0;
  }
  void ReadOff(const CutGraph& graph, const FirstStage& first, FoundPipeline& found);

  std::vector<int64_t> least_;    // the largest load, of the best way
  size_t stages_ = 0;             // at most
  size_t counts_ = 1;             // different numbers of stages of the counted kind
  bool mixed_ = false;            // some arcs are split, others not
  bool counts_split_ = true;      // those that are split are counted, else the others
  int64_t each_ = 1, width_ = 1;  // devices of a stage, if all are alike; of a split one
  int64_t work_ = 0;
};

}  // namespace allot::pipelines
