// Simulated annealing over stages of servers: for a rate that is aimed at, how many layers the
// stages hold when each must pass it, and how much of it the links between them let through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "placement/kinds/layer_flow/search/stage_plan.h"
#include "placement/kinds/layer_flow/value/evaluate.h"
#include "support/random.h"

namespace allot {

class StageAnnealing {
 public:
  // `problem` must outlive it and have no KvModel.
  StageAnnealing(const LayerFlowProblem& problem, uint64_t seed);

  // Asked now and then; true ends a search.
  std::function<bool()> stop;

  // From such stages, looks for stages of at least `rate`, with about so much work. True if found:
  // then placement() and rate() are of what was found. Otherwise stages() is the nearest.
  bool Reach(int64_t rate, int64_t work);
  // Each server alone, near ones side by side.
  void StartAlone();
  void Start(const Stages& stages);

  const LayerPlacement& placement() const { return found_; }
  int64_t rate() const { return found_rate_; }
  Stages stages() const;
  int64_t work() const { return work_ + evaluator_.work(); }

 private:
  struct Stage {
    std::vector<int32_t> servers;
    std::vector<int64_t> rates;  // with 1, 2, ... layers
    int32_t layers = 0;          // the most with which it passes the rate
    double gain = 0;             // the same, with a part of the next one
    double loss = 0;             // what the links to the next stage, or the sink, lack
    // Never the same for two contents of stages; and of which two the loss is, 0 for the sink.
    int64_t version = 0, loss_of = -1, loss_to = -1;
  };
  // Stages keep their number while they are moved about.
  struct Saved {
    int32_t id;
    Stage stage;
  };

  void Value(Stage& stage);
  double Loss(const Stage* from, const Stage* to) const;
  void ValueLosses();
  double Energy();
  double Missing() const;
  bool Propose();
  void Save(int32_t id);
  void Change(int32_t id, int32_t remove, int32_t add);
  int32_t NewStage(size_t at);
  void DropIfEmpty(int32_t id);
  bool MoveServer();
  bool SwapServers();
  bool MoveStage();
  bool SwapStages();
  bool Reverse();
  void Undo();
  bool TryPlacement();

  const LayerFlowProblem& problem_;
  FlowEvaluator evaluator_;
  Random random_;
  bool any_order_ = false;  // all links are there and carry whatever any server passes
  std::vector<Stage> pool_;
  std::vector<int32_t> order_;     // of stages in pool_
  std::vector<int32_t> free_;      // numbers of no stage
  std::vector<int32_t> stage_of_;  // by server
  double source_loss_ = 0;
  int64_t versions_ = 0;

  // Before the move that is being tried.
  std::vector<Saved> saved_;
  size_t num_saved_ = 0;
  std::vector<int32_t> saved_order_, saved_free_, saved_stage_of_;

  int64_t aim_ = 0;
  double shortfall_ = 0;  // of the last flow that was tried, as a part of the aim
  LayerPlacement found_;
  int64_t found_rate_ = -1;
  int64_t work_ = 0;
};

}  // namespace allot
