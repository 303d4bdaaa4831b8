// Simulated annealing over the intervals of all servers, each valued by its maximum flow: for what
// is not in stages, such as one server beside two others that follow each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "placement/kinds/layer_flow/value/evaluate.h"
#include "support/random.h"

namespace allot {

class IntervalAnnealing {
 public:
  // Keeps a reference.
  IntervalAnnealing(const LayerFlowProblem& problem, uint64_t seed);

  // Asked now and then; true ends a search.
  std::function<bool()> stop;

  // From a placement, with about so much work, until `most` is reached; the best is in best() and
  // rate(). `heat` is the part of the rate that it may lose at first.
  void Improve(const LayerPlacement& start, double heat, int64_t most, int64_t work);

  const LayerPlacement& best() const { return best_; }
  int64_t rate() const { return best_rate_; }
  int64_t work() const { return work_ + evaluator_.work(); }

 private:
  size_t AnyServer();
  // At a border of some server's interval, mostly, or anywhere.
  int32_t AnyBorder();
  bool Propose();
  bool Put(size_t server, int32_t first, int32_t end);
  bool Replace();
  bool Exchange();
  bool ShiftBorder();
  bool Divide();

  const LayerFlowProblem& problem_;
  FlowEvaluator evaluator_;
  Random random_;
  LayerPlacement now_, before_, best_;
  int64_t best_rate_ = -1;
  int64_t work_ = 0;
};

}  // namespace allot
