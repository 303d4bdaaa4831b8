#include "placement/kinds/layer_flow/search/flow_search.h"

#include <algorithm>
#include <utility>

#include "placement/kinds/layer_flow/search/rules.h"
#include "placement/kinds/layer_flow/search/stage_annealing.h"
#include "placement/kinds/layer_flow/value/evaluate.h"

namespace allot {
namespace {

// How much more than the best is aimed at, as parts of what a bound leaves open, in turn; after a
// success the same again.
constexpr double kAims[] = {0.5, 0.25, 0.12, 0.06, 0.03, 0.015, 0.007, 0.003, 0.001};
// The work of a round grows, so that a short limit has had all aims, and a long one searches long.
constexpr int64_t kFirstRound = 50'000;

class Search {
 public:
  Search(const LayerFlowProblem& problem, int64_t most, const FlowSearchLimits& limits)
      : problem_(problem), most_(most), limits_(limits), evaluator_(problem) {}

  FlowSearchResult Run() {
    Offer(SwarmPlacement(problem_));
    Offer(PetalsPlacement(problem_));
    StageAnnealing stages(problem_, limits_.seed);
    stages.stop = limits_.stop;
    stages.StartAlone();
    const Stages alone = stages.stages();
    if (const int64_t rate = BestStageRate(problem_, alone); rate > 0) {
      Offer(PlacementOfStages(problem_, alone, *StageLayers(problem_, alone, rate)));
    }
    Stages best = alone;
    for (int64_t round = kFirstRound; !Done(stages.work()); round *= 2) {
      for (size_t aim = 0; aim < std::size(kAims) && !Done(stages.work());) {
        const int64_t rate = std::max<int64_t>(result_.rate, 0);
        const auto open = static_cast<double>(most_ - rate);
        const auto more = static_cast<int64_t>(open * kAims[aim]);
        const int64_t left = limits_.work - stages.work();
        stages.Start(best);
        if (stages.Reach(std::min(most_, rate + std::max<int64_t>(1, more)),
                         std::min(round, left))) {
          best = stages.stages();
          Offer(stages.placement(), stages.rate());
        } else {
          ++aim;
        }
      }
    }
    result_.work = stages.work() + evaluator_.work();
    return std::move(result_);
  }

 private:
  bool Done(int64_t work) const {
    return work + evaluator_.work() >= limits_.work || result_.rate >= most_ ||
           (limits_.stop && limits_.stop());
  }
  void Offer(const LayerPlacement& placement) { Offer(placement, evaluator_.Rate(placement)); }
  void Offer(const LayerPlacement& placement, int64_t rate) {
    if (rate <= result_.rate) return;
    result_.placement = placement;
    result_.rate = rate;
    if (limits_.improved) limits_.improved(rate, evaluator_.work());
  }

  const LayerFlowProblem& problem_;
  const int64_t most_;
  const FlowSearchLimits& limits_;
  FlowEvaluator evaluator_;
  FlowSearchResult result_;
};

}  // namespace

FlowSearchResult SearchFlow(const LayerFlowProblem& problem, int64_t most,
                            const FlowSearchLimits& limits) {
  return Search(problem, most, limits).Run();
}

}  // namespace allot
