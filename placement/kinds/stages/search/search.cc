#include "placement/kinds/stages/search/search.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "placement/kinds/stages/search/orders.h"
#include "placement/kinds/stages/search/period_test.h"
#include "placement/kinds/stages/value/block_graph.h"
#include "placement/kinds/stages/value/compiled.h"
#include "placement/kinds/stages/value/downsets.h"
#include "placement/kinds/stages/value/evaluate.h"
#include "placement/kinds/stages/value/period_bound.h"
#include "placement/kinds/stages/value/stage_pricer.h"
#include "support/random.h"

namespace allot {
namespace {

// So many downsets are no more than what one order of the blocks has, or about.
constexpr size_t kFewSets = 3'000;
constexpr size_t kMostSets = 400'000;
constexpr size_t kMostWords = 8'000'000;  // of all of them
constexpr size_t kNearSets = 600;         // around a cut of the best plan
constexpr int64_t kRoundsWithoutGain = 6;

class Search {
 public:
  Search(const StagesProblem& problem, const SolveLimits& limits)
      : problem_(problem),
        limits_(limits),
        stages_(Compile(problem)),
        blocks_(MakeBlocks(problem, stages_)),
        pricer_(problem, stages_, blocks_),
        random_(limits.seed) {
    work_.limit = limits.work;
    work_.stop = limits.stop;
  }

  StagesFound Run(StagesMethod method) {
    const int64_t least = LeastPeriod(problem_, stages_, blocks_);
    if (least == kNoPeriod) {
      found_.infeasible = true;
      return std::move(found_);
    }
    found_.bound = least;
    if (method == StagesMethod::kOneOrder) {
      OneOrder(DepthFirstOrder(blocks_));
    } else {
      const size_t words = (blocks_.size() + 63) / 64;
      const AllDownsets all = FindAllDownsets(blocks_, std::min(kMostSets, kMostWords / words + 2));
      work_.spent += static_cast<int64_t>(all.sets.size());
      if (method == StagesMethod::kBest && (!all.complete || all.sets.size() > kFewSets)) {
        OneOrder(DepthFirstOrder(blocks_));
        OneOrder(BreadthFirstOrder(blocks_));
        Refine();
      }
      if (all.complete) Narrow(all.sets, true);
    }
    found_.work = work_.spent;
    return std::move(found_);
  }

 private:
  void OneOrder(const std::vector<int32_t>& order) {
    Downsets sets(blocks_.size());
    AddBeginnings(order, sets);
    Narrow(sets, false);
  }

  // The least period with cuts of this family, if it is better than what is known. What is refuted
  // for `all` downsets is refuted.
  void Narrow(const Downsets& sets, bool all) {
    if (found_.plan.has_value() && found_.value <= found_.bound) return;
    pricer_.SetFamily(sets);
    PeriodTest test(problem_, stages_, blocks_, sets, pricer_);
    int64_t low = found_.bound, high = found_.plan.has_value() ? found_.value : kNoLoad;
    // Without an answer: further and further above the bound, since it is close to it more often
    // than not, and what is close is decided soon.
    const int64_t most = 2 * static_cast<int64_t>(LargestTicks(problem_)) + 2;
    int64_t step = std::max<int64_t>(1, low / 64);
    bool proves = all;
    while (low < high || high == kNoLoad) {
      const bool open = high == kNoLoad;
      const int64_t middle = open ? std::min(most, low + step) : low + (high - low) / 2;
      std::vector<StageCut> cuts;
      PeriodAnswer answer = test.Run(middle, false, work_, cuts);
      if (answer == PeriodAnswer::kMayFit && proves) {
        std::vector<StageCut> unused;
        const PeriodAnswer relaxed = test.Run(middle, true, work_, unused);
        if (relaxed == PeriodAnswer::kFitsNot) answer = PeriodAnswer::kFitsNot;
        if (relaxed == PeriodAnswer::kOutOfWork) return;
      }
      if (answer == PeriodAnswer::kOutOfWork) return;
      if (answer == PeriodAnswer::kFits) {
        Take(cuts);
        high = std::min(high, found_.value);
        continue;
      }
      if (answer == PeriodAnswer::kMayFit) proves = false;
      low = middle + 1;
      step *= 4;
      if (proves) RaiseBound(std::min(low, high));
      if (open && middle >= most) {
        found_.infeasible = found_.infeasible || (proves && !found_.plan.has_value());
        return;
      }
    }
  }

  void RaiseBound(int64_t bound) {
    if (bound <= found_.bound || bound == kNoLoad) return;
    found_.bound = bound;
    found_.by_downsets = true;
    Report();
  }

  void Take(const std::vector<StageCut>& cuts) {
    StagePlan plan;
    for (const StageCut& cut : cuts) {
      plan.push_back(pricer_.Stage(cut.from, cut.to, cut.width, cut.replicas, cut.in_flight));
    }
    const int64_t value = EvaluateStages(problem_.rule, stages_, plan);
    if (found_.plan.has_value() && value >= found_.value) return;
    found_.plan = std::move(plan);
    found_.value = value;
    Report();
  }

  void Report() {
    if (limits_.progress == nullptr) return;
    limits_.progress(found_.plan.has_value() ? found_.value : -1, found_.bound, work_.spent);
  }

  // Families around the best plan: the beginnings of random orders in which its cuts lie, and all
  // that is a few blocks away from a cut.
  void Refine() {
    for (int64_t idle = 0; idle < kRoundsWithoutGain && found_.plan.has_value();) {
      if (work_.Exhausted() || found_.value <= found_.bound) return;
      const int64_t before = found_.value;
      std::vector<int32_t> rank(blocks_.size(), 0);
      for (size_t i = 0; i < found_.plan->size(); ++i) {
        for (const int32_t layer : (*found_.plan)[i].layers) {
          rank[static_cast<size_t>(blocks_.block_of[static_cast<size_t>(layer)])] =
              static_cast<int32_t>(i);
        }
      }
      Downsets sets(blocks_.size());
      std::set<std::vector<uint64_t>> known;
      for (int i = 0; i < 2; ++i) {
        AddNewBeginnings(RandomOrder(blocks_, rank, random_), sets, known);
      }
      AddNear(rank, sets, known);
      Narrow(sets, false);
      idle = found_.value < before ? 0 : idle + 1;
    }
  }

  static bool KeepIfNew(Downsets& sets, std::set<std::vector<uint64_t>>& known) {
    if (known.insert(sets.Key(sets.size() - 1)).second) return true;
    sets.RemoveLast();
    return false;
  }

  void AddNewBeginnings(const std::vector<int32_t>& order, Downsets& sets,
                        std::set<std::vector<uint64_t>>& known) {
    Downsets beginnings(blocks_.size());
    AddBeginnings(order, beginnings);
    for (size_t i = 0; i < beginnings.size(); ++i) {
      sets.AddFrom(beginnings, i);
      KeepIfNew(sets, known);
    }
  }

  void AddNear(const std::vector<int32_t>& rank, Downsets& sets,
               std::set<std::vector<uint64_t>>& known) {
    const auto stages = static_cast<int32_t>(found_.plan->size());
    for (int32_t cut = 1; cut < stages; ++cut) {
      Downsets near(blocks_.size());
      size_t set = near.AddEmpty();
      for (size_t b = 0; b < blocks_.size(); ++b) {
        if (rank[b] < cut)
          set = near.AddWith(set, static_cast<int32_t>(b)), near = Only(near, set), set = 0;
      }
      std::set<std::vector<uint64_t>> seen = {near.Key(0)};
      for (size_t at = 0; at < near.size() && near.size() < kNearSets; ++at) Grow(at, near, seen);
      for (size_t i = 0; i < near.size(); ++i) {
        sets.AddFrom(near, i);
        KeepIfNew(sets, known);
      }
      work_.spent += static_cast<int64_t>(near.size());
    }
  }

  static Downsets Only(const Downsets& sets, size_t set) {
    Downsets one(sets.num_blocks());
    one.AddFrom(sets, set);
    return one;
  }

  // With a block more or less.
  void Grow(size_t at, Downsets& near, std::set<std::vector<uint64_t>>& seen) {
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const bool has = near.Has(at, static_cast<int32_t>(b));
      const std::vector<int32_t>& others = has ? blocks_.after[b] : blocks_.before[b];
      const bool free = std::all_of(others.begin(), others.end(),
                                    [&](int32_t other) { return near.Has(at, other) != has; });
      if (!free) continue;
      if (has) {
        near.AddWithout(at, static_cast<int32_t>(b));
      } else {
        near.AddWith(at, static_cast<int32_t>(b));
      }
      KeepIfNew(near, seen);
    }
  }

  const StagesProblem& problem_;
  const SolveLimits& limits_;
  const CompiledStages stages_;
  const BlockGraph blocks_;
  StagePricer pricer_;
  Random random_;
  StageWork work_;
  StagesFound found_;
};

}  // namespace

StagesFound SearchStages(const StagesProblem& problem, StagesMethod method,
                         const SolveLimits& limits) {
  return Search(problem, limits).Run(method);
}

}  // namespace allot
