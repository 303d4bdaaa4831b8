// The best plan of a model on many accelerators of one configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "design/search/block_times.h"
#include "design/search/layer_cuts.h"
#include "design/search/question.h"
#include "placement/kinds/pipelines/search/best_pipeline.h"

namespace allot::design {

// A stage of a plan: its layers, ascending, and the devices of one copy.
struct PlannedStage {
  std::vector<int32_t> layers;
  int64_t devices = 1;
  double seconds = 0;  // its load, of a microbatch
};

// Made once for a model; many threads may ask it, each with a workspace of its own.
class ModelPlans {
 public:
  ModelPlans(const Question& question, const LayerGraph& layers);
  ModelPlans(ModelPlans&&) = default;

  struct Workspace {
    pipelines::PipelineSearch search;
    std::vector<pipelines::CutGraph> graphs;  // by microbatch and width
  };

  const BlockTasks& tasks() const { return tasks_; }
  const LayerGraph& layers() const { return layers_; }

  // The best plan for that microbatch, memory and recomputation, by places in the question, with
  // times by unit of tasks(): of all tensor widths, the first of several. samples_per_s is 0 if
  // nothing fits. `stages` may be nullptr.
  PlanChoice Best(const std::vector<Ticks>& times, size_t microbatch, size_t memory, bool recompute,
                  Workspace& workspace, std::vector<PlannedStage>* stages = nullptr) const;

  // No plan makes more samples per second whose blocks need these times at least: the best with
  // the largest memory, over all microbatches, with and without recomputing.
  double Bound(const std::vector<Ticks>& times, Workspace& workspace) const;

  // So many plans Best() stands for, over all microbatches, memories and recomputations.
  int64_t num_plans() const;

 private:
  struct Prepared {
    std::unique_ptr<LayerCuts> cuts;
    std::vector<std::vector<int64_t>> most_behind;  // by memory and recomputation
  };
  struct Found {
    Ticks ticks = 0;
    pipelines::FoundPipeline pipeline;
  };
  size_t Place(size_t microbatch, size_t tensor) const {
    return microbatch * question_.tensor_widths.size() + tensor;
  }
  std::optional<Found> Run(const std::vector<Ticks>& times, size_t microbatch, size_t tensor,
                           const std::vector<int64_t>& most_behind, bool recompute, Ticks below,
                           Workspace& workspace) const;
  std::optional<Found> RunLatency(const pipelines::CutGraph& graph, int64_t width,
                                  Ticks below) const;
  // Samples per second of a batch, or of a microbatch for kLatency.
  double Rate(Ticks ticks, size_t microbatch) const;

  const Question& question_;
  const LayerGraph& layers_;
  BlockTasks tasks_;
  std::vector<Prepared> prepared_;  // by microbatch and width
};

}  // namespace allot::design
