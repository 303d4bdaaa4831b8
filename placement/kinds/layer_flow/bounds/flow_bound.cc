#include "placement/kinds/layer_flow/bounds/flow_bound.h"

#include <algorithm>
#include <utility>

namespace allot {
namespace {

// In all cases together; with more, the caches of the shortest routes have to do for patterns.
constexpr int64_t kMostLinks = 2'000'000;

}  // namespace

FlowBound::FlowBound(const LayerFlowProblem& problem) {
  const auto add = [this](LayerFlowProblem each) {
    cases_.push_back(std::make_unique<Case>());
    cases_.back()->problem = std::move(each);
  };
  const int64_t depths = MostDepth(problem) - LeastDepth(problem) + 1;
  const auto links = static_cast<int64_t>(problem.links.size());
  if (problem.kv.has_value() && depths * links <= kMostLinks) {
    for (int32_t depth = LeastDepth(problem); depth <= MostDepth(problem); ++depth) {
      add(AtDepth(problem, depth));
    }
  } else {
    add(problem);
  }
  best_ = {0, "layers"};
  for (const std::unique_ptr<Case>& each : cases_) {
    const RateBound fast = FastRateBound(each->problem);
    each->fast = fast.rate;
    each->patterns = std::make_unique<PatternBound>(each->problem);
    if (fast.rate <= best_.rate || each->patterns->Refutes(best_.rate + 1)) continue;
    const int64_t rate = each->patterns->Bound(fast.rate);
    best_ = {std::max(best_.rate, rate), rate < fast.rate ? "patterns" : fast.name};
  }
}

bool FlowBound::IsBest(int64_t rate) {
  for (const std::unique_ptr<Case>& each : cases_) {
    if (each->fast > rate && !each->patterns->Refutes(rate + 1)) return false;
  }
  if (rate < best_.rate) best_ = {rate, "patterns"};
  return true;
}

int64_t FlowBound::work() const {
  int64_t work = 0;
  for (const std::unique_ptr<Case>& each : cases_) work += each->patterns->work();
  return work;
}

}  // namespace allot
