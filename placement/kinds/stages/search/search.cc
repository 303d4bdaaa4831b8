#include "placement/kinds/stages/search/search.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "placement/kinds/stages/search/feasible_period.h"
#include "placement/kinds/stages/search/orders.h"
#include "placement/kinds/stages/value/block_graph.h"
#include "placement/kinds/stages/value/compiled.h"
#include "placement/kinds/stages/value/downsets.h"
#include "placement/kinds/stages/value/evaluate.h"
#include "placement/kinds/stages/value/period_bound.h"
#include "placement/kinds/stages/value/stage_pricer.h"
#include "support/random.h"
#include "support/units.h"

namespace allot {
namespace {

// So many downsets are no more than what one order of the blocks has, or about.
constexpr size_t kFewSets = 3'000;
constexpr size_t kMostSets = 400'000;
constexpr size_t kMostWords = 8'000'000;  // of all of them
constexpr size_t kNearSets = 600;         // around a cut of the best plan
constexpr int64_t kRoundsWithoutGain = 6;
constexpr int kOrdersPerRound = 2, kOtherOrders = 24;
// Without a proof in sight the period need not be had to the last tick.
constexpr int64_t kFineEnough = 10'000'000;
// A step is a look at a stage; most are at none that costs anything.
constexpr int64_t kStepsPerWork = 16;

class Search {
 public:
  Search(const StagesProblem& problem, const SolveLimits& limits)
      : problem_(problem),
        limits_(limits),
        stages_(Compile(problem)),
        blocks_(MakeBlocks(problem, stages_)),
        pricer_(problem, stages_, blocks_),
        random_(limits.seed) {
    limits_steps_ = SaturatingMultiply(limits.work, kStepsPerWork);
    work_.limit = limits_steps_;
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
        // A good plan first: what is refuted near the bound is refuted soon.
        work_.limit = limits_steps_ / 4;
        Refine();
        work_.limit = limits_steps_;
        work_.stopped = work_.stop != nullptr && work_.stop();
      }
      if (all.complete) {
        Narrow(all.sets, true);
      } else if (method == StagesMethod::kBest) {
        Refine();
      }
    }
    found_.work = (work_.spent + kStepsPerWork - 1) / kStepsPerWork;
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
    // Without an answer: a little above the bound, since it is close to it more often than not, and
    // what is close is decided soon; then whether anything fits at all, or, where that is much to
    // ask, further and further above.
    const int64_t most = 2 * static_cast<int64_t>(LargestTicks(problem_)) + 2;
    // The same where there are many sets, for the nearer the bound, the fewer of them matter.
    const bool many = sets.size() > kFewSets;
    int64_t step = std::max<int64_t>(1, many && high != kNoLoad ? (high - low) / 16 : low / 64);
    step = std::min(step, most);
    bool proves = all, refused = false;
    while (low < high || high == kNoLoad) {
      if (!all && high != kNoLoad && high - low <= high / kFineEnough) return;
      const bool open = high == kNoLoad;
      int64_t middle = low + (high - low) / 2;
      if (open) middle = many || !refused ? std::min(most, low + step) : most;
      if (!open && many) middle = std::min(middle, low + step);
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
        step = std::max<int64_t>(1, (high - low) / 4);
        continue;
      }
      if (answer == PeriodAnswer::kMayFit) proves = false;
      refused = true;
      low = middle + 1;
      step = std::min(most, step * (open ? 4 : 2));
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
    limits_.progress(found_.plan.has_value() ? found_.value : -1, found_.bound,
                     work_.spent / kStepsPerWork);
  }

  // Families around the best plan: the beginnings of random orders in which its cuts lie, and all
  // that is a few blocks away from a cut. Without a plan, of any orders.
  void Refine() {
    for (int64_t idle = 0; idle < kRoundsWithoutGain;) {
      if (work_.Exhausted()) return;
      const bool had = found_.plan.has_value();
      if (had && found_.value <= found_.bound) return;
      const int64_t before = found_.value, gap = before - found_.bound;
      const std::vector<int32_t> rank = Ranks();
      Family family{Downsets(blocks_.size()), {}};
      for (int i = 0; i < kOrdersPerRound; ++i) AddBeginningsOf(rank, family);
      // And of any others, where those near by have led nowhere.
      const std::vector<int32_t> none(blocks_.size(), 0);
      for (int i = 0; idle % 2 == 1 && i < kOtherOrders; ++i) AddBeginningsOf(none, family);
      if (had) AddNear(rank, family);
      Narrow(family.sets, false);
      // What comes in crumbs comes to an end, too.
      const bool gained = found_.plan.has_value() && (!had || before - found_.value > gap / 100);
      idle = gained ? 0 : idle + 1;
    }
  }

  // The stage of each block; without a plan all the same.
  std::vector<int32_t> Ranks() const {
    std::vector<int32_t> rank(blocks_.size(), 0);
    for (size_t i = 0; found_.plan.has_value() && i < found_.plan->size(); ++i) {
      for (const int32_t layer : (*found_.plan)[i].layers) {
        rank[static_cast<size_t>(blocks_.block_of[static_cast<size_t>(layer)])] =
            static_cast<int32_t>(i);
      }
    }
    return rank;
  }

  struct Family {
    Downsets sets;
    std::map<std::vector<uint64_t>, size_t> numbers;

    // Of the set that was added last, or of one that was there, if it is the same.
    size_t Keep() {
      const size_t last = sets.size() - 1;
      const auto [at, added] = numbers.emplace(sets.Key(last), last);
      if (!added) sets.RemoveLast();
      return at->second;
    }
  };

  void AddBeginningsOf(const std::vector<int32_t>& rank, Family& family) {
    family.sets.AddEmpty();
    size_t set = family.Keep();
    for (const int32_t block : RandomOrder(blocks_, rank, random_)) {
      family.sets.AddWith(set, block);
      set = family.Keep();
    }
    work_.spent += static_cast<int64_t>(blocks_.size() * blocks_.size() / 16);
  }

  void AddNear(const std::vector<int32_t>& rank, Family& family) {
    const auto stages = static_cast<int32_t>(found_.plan->size());
    for (int32_t cut = 1; cut < stages; ++cut) {
      family.sets.AddEmpty();
      size_t set = family.Keep();
      for (size_t b = 0; b < blocks_.size(); ++b) {
        if (rank[b] >= cut) continue;
        family.sets.AddWith(set, static_cast<int32_t>(b));
        set = family.Keep();
      }
      std::vector<size_t> near = {set};
      std::set<size_t> seen = {set};
      for (size_t i = 0; i < near.size() && near.size() < kNearSets; ++i) {
        Grow(near[i], family, near, seen);
      }
      work_.spent += static_cast<int64_t>(near.size() * blocks_.size() / 16);
    }
  }

  // With a block more or less.
  void Grow(size_t at, Family& family, std::vector<size_t>& near, std::set<size_t>& seen) {
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const auto block = static_cast<int32_t>(b);
      const bool has = family.sets.Has(at, block);
      const std::vector<int32_t>& others = has ? blocks_.after[b] : blocks_.before[b];
      const bool free = std::all_of(others.begin(), others.end(), [&](int32_t other) {
        return family.sets.Has(at, other) != has;
      });
      if (!free) continue;
      if (has) {
        family.sets.AddWithout(at, block);
      } else {
        family.sets.AddWith(at, block);
      }
      const size_t set = family.Keep();
      if (seen.insert(set).second) near.push_back(set);
    }
  }

  const StagesProblem& problem_;
  const SolveLimits& limits_;
  const CompiledStages stages_;
  const BlockGraph blocks_;
  StagePricer pricer_;
  Random random_;
  StageWork work_;
  int64_t limits_steps_ = 0;
  StagesFound found_;
};

}  // namespace

StagesFound SearchStages(const StagesProblem& problem, StagesMethod method,
                         const SolveLimits& limits) {
  return Search(problem, limits).Run(method);
}

}  // namespace allot
