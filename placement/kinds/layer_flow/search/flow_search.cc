#include "placement/kinds/layer_flow/search/flow_search.h"

#include <algorithm>
#include <utility>

#include "placement/kinds/layer_flow/search/interval_annealing.h"
#include "placement/kinds/layer_flow/search/rules.h"
#include "placement/kinds/layer_flow/search/stage_annealing.h"
#include "placement/kinds/layer_flow/value/evaluate.h"

namespace allot {
namespace {

// How much more than the best is aimed at, as parts of what a bound leaves open, in turn; after a
// success the same again.
constexpr double kAims[] = {0.5, 0.25, 0.12, 0.06, 0.03, 0.015, 0.007, 0.003, 0.001};
// Of the rate, that annealing of intervals may lose at first, in turn.
constexpr double kHeats[] = {0.03, 0.2, 0.005, 0.08};
// The work of a round grows, so that a short limit has had all aims, and a long one searches long.
constexpr int64_t kFirstDepthRound = 100'000, kShortDepths = 8;
constexpr int64_t kNearlyMost = 100'000;
constexpr int64_t kFirstRound = 50'000, kShortRounds = 100, kIntervalsOverStages = 4;

class Search {
 public:
  Search(const LayerFlowProblem& problem, int64_t most, const FlowSearchLimits& limits)
      : problem_(problem),
        most_(most),
        limits_(limits),
        evaluator_(problem),
        stages_(problem, limits.seed),
        intervals_(problem, limits.seed + 1) {
    stages_.stop = intervals_.stop = limits.stop;
  }

  FlowSearchResult Run() {
    Offer(SwarmPlacement(problem_), "swarm");
    Offer(PetalsPlacement(problem_), "petals");
    stages_.StartAlone();
    best_stages_ = stages_.stages();
    if (const int64_t rate = BestStageRate(problem_, best_stages_); rate > 0) {
      const auto layers = StageLayers(problem_, best_stages_, rate);
      Offer(PlacementOfStages(problem_, best_stages_, *layers), "stages");
    }
    size_t heat = 0;
    const int64_t first = std::clamp<int64_t>(limits_.work / kShortRounds, 1, kFirstRound);
    for (int64_t round = first; !Done(); round *= 2) {
      AimHigher(round);
      const int64_t work = std::min(kIntervalsOverStages * round, limits_.work - Work());
      if (Done()) break;
      intervals_.Improve(result_.placement, kHeats[heat++ % std::size(kHeats)], most_, work);
      Offer(intervals_.best(), intervals_.rate(), "intervals");
    }
    result_.work = Work();
    return std::move(result_);
  }

 private:
  int64_t Work() const { return stages_.work() + intervals_.work() + evaluator_.work(); }
  bool Done() const {
    return Work() >= limits_.work || result_.rate >= most_ || (limits_.stop && limits_.stop());
  }
  void AimHigher(int64_t round) {
    for (size_t aim = 0; aim < std::size(kAims) && !Done();) {
      const int64_t rate = std::max<int64_t>(result_.rate, 0);
      const auto more = static_cast<int64_t>(static_cast<double>(most_ - rate) * kAims[aim]);
      stages_.Start(best_stages_);
      const bool found = stages_.Reach(std::min(most_, rate + std::max<int64_t>(1, more)),
                                       std::min(round, limits_.work - Work()));
      if (!found) {
        ++aim;
        continue;
      }
      best_stages_ = stages_.stages();
      Offer(stages_.placement(), stages_.rate(), "stages");
    }
  }
  void Offer(const LayerPlacement& placement, const char* finder) {
    Offer(placement, evaluator_.Rate(placement), finder);
  }
  void Offer(const LayerPlacement& placement, int64_t rate, const char* finder) {
    if (rate <= result_.rate) return;
    result_.placement = placement;
    result_.rate = rate;
    result_.finder = finder;
    if (limits_.improved) limits_.improved(rate, Work());
    const bool near = rate < most_ && most_ - rate <= most_ / kNearlyMost;
    if (near && limits_.is_best && limits_.is_best(rate)) most_ = rate;
  }

  const LayerFlowProblem& problem_;
  int64_t most_;
  const FlowSearchLimits& limits_;
  FlowEvaluator evaluator_;
  StageAnnealing stages_;
  IntervalAnnealing intervals_;
  Stages best_stages_;
  FlowSearchResult result_;
};

// Caches that routes fill: a search for each depth, and for the best one as long as for all, each
// time longer.
FlowSearchResult SearchDepths(const LayerFlowProblem& problem, int64_t most,
                              const FlowSearchLimits& limits) {
  FlowEvaluator evaluator(problem);
  FlowSearchResult best;
  int32_t best_depth = 0;
  int64_t work = 0;
  const auto search = [&](int32_t depth, int64_t share) {
    const LayerFlowProblem at = AtDepth(problem, depth);
    FlowSearchLimits part = limits;
    part.work = share;
    part.improved = nullptr;
    part.is_best = nullptr;
    FlowSearchResult found = Search(at, most, part).Run();
    work += found.work;
    // Routes may be shorter than they might have been.
    found.rate = evaluator.Rate(found.placement);
    if (found.rate <= best.rate) return;
    best = std::move(found);
    best_depth = depth;
    if (limits.improved) limits.improved(best.rate, work);
    if (limits.is_best && best.rate < most && limits.is_best(best.rate)) most = best.rate;
  };
  const auto done = [&] {
    return work >= limits.work || best.rate >= most || (limits.stop && limits.stop());
  };
  const int32_t last = MostDepth(problem), first = std::min(LeastDepth(problem), last);
  const int64_t depths = last - first + 1;
  const int64_t shortest =
      std::clamp<int64_t>(limits.work / (kShortDepths * depths), 1, kFirstDepthRound);
  for (int64_t round = shortest; best.rate < 0 || !done(); round *= 2) {
    for (int32_t depth = first; depth <= last && (best.rate < 0 || !done()); ++depth) {
      search(depth, std::min(round, std::max<int64_t>(1, limits.work - work)));
    }
    if (!done()) search(best_depth, std::min(round * depths, limits.work - work));
  }
  best.work = work + evaluator.work();
  return best;
}

}  // namespace

FlowSearchResult SearchFlow(const LayerFlowProblem& problem, int64_t most,
                            const FlowSearchLimits& limits) {
  if (problem.kv.has_value()) return SearchDepths(problem, most, limits);
  return Search(problem, most, limits).Run();
}

}  // namespace allot
