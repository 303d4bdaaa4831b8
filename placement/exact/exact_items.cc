#include "placement/exact/exact_items.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "placement/problem/allowed_times.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/sequences/load_search.h"
#include "placement/sequences/sequence_search.h"
#include "placement/value/evaluator.h"

namespace allot {
namespace {

Solution ToSolution(const SequenceInstance& instance, const std::vector<Step>& steps) {
  Solution solution;
  solution.device_of = Placement(instance.item_of.size());
  for (const Step& step : steps) {
    const ItemId item = instance.item_of[static_cast<size_t>(std::countr_zero(step.items))];
    solution.device_of[item] = DeviceId(step.device);
    solution.order.push_back(item);
  }
  return solution;
}

class Exact {
 public:
  Exact(const ProblemFacts& facts, int64_t work, Picos upper, const ItemBounds* known)
      : facts_(facts),
        problem_(facts.problem()),
        graph_(facts.graph()),
        evaluator_(facts),
        always_fits_(MemoryModel(problem_).always_fits()),
        instance_(MakeSequenceInstance(facts, StepSize::kOne)),
        work_(work),
        upper_(upper),
        known_(known) {}

  ExactItemsResult Run(const Solution* incumbent) {
    for (const LowerBound& bound : LowerBounds(facts_, Launch::kIgnore, work_ / 8)) {
      result_.lower = std::max(result_.lower, bound.value);
    }
    if (incumbent != nullptr) Offer(*incumbent);
    if (Upper() <= result_.lower) {
      result_.lower = Upper();
      result_.proved = true;
    } else if (problem_.objective == PlacementObjective::kLatency) {
      Latency();
    } else {
      Throughput();
    }
    if (result_.proved && result_.solution.has_value()) result_.lower = result_.value;
    return std::move(result_);
  }

 private:
  Picos Upper() const {
    return result_.solution.has_value() ? std::min(result_.value, upper_) : upper_;
  }

  void Offer(const Solution& solution) {
    const SearchValue value = evaluator_.Value(solution);
    if (!value.feasible() || value.objective >= Upper()) return;
    result_.solution = solution;
    result_.value = value.objective;
  }

  Picos Judge(const std::vector<Step>& steps) {
    device_.resize(instance_.item_of.size());
    order_.clear();
    for (const Step& step : steps) {
      const ItemId item = instance_.item_of[static_cast<size_t>(std::countr_zero(step.items))];
      device_[static_cast<size_t>(item.index())] = step.device;
      order_.push_back(item.index());
    }
    const SearchValue value = evaluator_.Value(device_.data(), order_.data());
    return value.feasible() ? value.objective : kNever;
  }

  // Searches the relaxation, or what it is when read backwards, for what is below `target`; what it
  // proves and finds is kept. Whether it came to an end.
  bool SearchBelow(Picos target, int64_t work, Picos& least, bool backwards = false) {
    const SequenceInstance reversed = backwards ? Reversed(instance_) : SequenceInstance();
    const SequenceInstance& instance = backwards ? reversed : instance_;
    SequenceSearchLimits limits;
    limits.upper = target;
    limits.goal = result_.lower;
    limits.work = work;
    SequenceSearchResult relaxed = SearchSequences(instance, limits);
    result_.work += relaxed.work;
    if (backwards) std::reverse(relaxed.steps.begin(), relaxed.steps.end());
    if (relaxed.found) Offer(ToSolution(instance, relaxed.steps));
    if (!relaxed.complete) return false;
    least = relaxed.found ? relaxed.value : target;
    if (least < kNever) result_.lower = std::max(result_.lower, least);
    return true;
  }

  // Proves that nothing lies below targets between the bound and the value.
  void RaiseBound(int64_t work) {
    const int64_t end = result_.work + work;
    int64_t part = 4;  // of the gap
    for (int failures = 0; failures < 3 && result_.work < end && result_.lower < Upper();) {
      const Picos target = result_.lower + std::max<Picos>((Upper() - result_.lower) / part, 1);
      Picos least = 0;
      if (SearchBelow(target, (end - result_.work) / 2, least)) {
        if (least < target) return;  // the optimum of the relaxation
        part = std::max<int64_t>(part / 2, 2);
      } else {
        part *= 4;
        ++failures;
      }
    }
  }

  void Latency() {
    Picos least = 0;
    if (known_ != nullptr) Impose(known_->after, known_->before, instance_);
    // Without the bounds this much is often enough.
    bool complete = known_ == nullptr && SearchBelow(Upper(), work_ / 16, least);
    // What has nothing yet may have spent more than all on a first solution.
    if (!complete && result_.work < work_) {
      if (known_ == nullptr) RaiseKnown();
      // The tree is sometimes many times smaller from the other end of the schedule, and seldom
      // a few times larger.
      complete =
          SearchBelow(Upper(), work_ / 8, least, /*backwards=*/true) ||
          (result_.work < work_ && SearchBelow(Upper(), work_ - result_.work - work_ / 4, least));
    }
    if (complete) {
      Judged(least);
    } else if (Upper() < kNever && result_.work < work_) {
      RaiseBound(work_ / 4);
    }
  }

  void RaiseKnown() {
    result_.work += RaiseAfter(instance_, work_ / 16, own_.after);
    result_.work += RaiseBefore(instance_, work_ / 16, own_.before);
    Impose(own_.after, own_.before, instance_);
    known_ = &own_;
  }

  // What the search of the relaxation, which found `least`, leaves to be judged.
  void Judged(Picos least) {
    if (Upper() <= least) {
      result_.proved = true;
      return;
    }
    // The relaxation is better than the truth: look at everything it leaves.
    if (known_ == nullptr) RaiseKnown();
    if (problem_.communication != Communication::kDelay) instance_.classes.clear();
    SequenceSearchLimits limits;
    limits.upper = Upper();
    limits.goal = result_.lower;
    limits.work = work_ - result_.work;
    limits.judge = [this](const std::vector<Step>& steps) { return Judge(steps); };
    const SequenceSearchResult judged = SearchSequences(instance_, limits);
    result_.work += judged.work;
    if (judged.found) Offer(ToSolution(instance_, judged.steps));
    result_.proved = judged.complete;
  }

  void Throughput() {
    LoadSearchLimits limits;
    limits.upper = Upper();
    limits.goal = result_.lower;
    limits.work = work_;
    if (!always_fits_) {
      limits.allowed = [this](const std::vector<Step>& steps) { return Judge(steps) < kNever; };
    }
    const LoadSearchResult found = SearchLoads(problem_, instance_, limits);
    result_.work = found.work;
    if (found.found) Offer(ToSolution(instance_, found.steps));
    if (!found.complete) return;
    const Picos least = std::min(found.refused, Upper());
    if (least < kNever) result_.lower = std::max(result_.lower, least);
    result_.proved = found.refused >= Upper();
    // Another order may do what the topological one could not.
    if (found.refused < kNever && !result_.solution.has_value()) result_.proved = false;
  }

  const ProblemFacts& facts_;
  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  Evaluator evaluator_;
  const bool always_fits_;
  SequenceInstance instance_;
  const int64_t work_;
  const Picos upper_;
  const ItemBounds* known_;  // that the instance has been told of
  ItemBounds own_;
  std::vector<int32_t> device_, order_;
  ExactItemsResult result_;
};

}  // namespace

ExactItemsResult ExactItems(const ProblemFacts& facts, const Solution* incumbent, int64_t work,
                            Picos upper, const ItemBounds* known) {
  ALLOT_CHECK(facts.problem().items.size() <= kMaxExactItems);
  ALLOT_CHECK(facts.problem().devices.size() <= kMaxExactDevices);
  return Exact(facts, work, upper, known).Run(incumbent);
}

}  // namespace allot
