// The best bound of all that there are: the fast ones, patterns, and where routes fill caches both
// of them for each depth that routes may have.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "placement/kinds/layer_flow/bounds/pattern_bound.h"
#include "placement/kinds/layer_flow/bounds/rate_bound.h"
#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

class FlowBound {
 public:
  // Keeps a reference.
  explicit FlowBound(const LayerFlowProblem& problem);

  const RateBound& best() const { return best_; }
  // Whether no placement passes more: to the last unit, which the bound does not look for. If so,
  // that is the bound from now on.
  bool IsBest(int64_t rate);
  int64_t work() const;

 private:
  // A problem without caches, which patterns refer to, so that it stays where it is.
  struct Case {
    LayerFlowProblem problem;
    int64_t fast = 0;
    std::unique_ptr<PatternBound> patterns;
  };
  std::vector<std::unique_ptr<Case>> cases_;  // every placement keeps the rules of one of them
  RateBound best_;
};

}  // namespace allot
