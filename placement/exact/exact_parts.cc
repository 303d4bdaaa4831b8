#include "placement/exact/exact_parts.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "placement/parts/part_evaluator.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/sequences/load_search.h"
#include "placement/sequences/sequence_search.h"

namespace allot {
namespace {

class Exact {
 public:
  Exact(const PlacementProblem& problem, const ProblemGraph& graph, int64_t work)
      : problem_(problem),
        graph_(graph),
        evaluator_(problem, graph),
        always_fits_(MemoryModel(problem).always_fits()),
        instance_(MakeSequenceInstance(ProblemFacts(problem, graph), StepSize::kAny)),
        work_(work),
        device_(problem.items.size()),
        part_of_(problem.items.size()) {}

  std::optional<PartedSolution> Run(const PartedSolution* incumbent) {
    if (incumbent != nullptr) {
      for (const ItemId item : problem_.items.ids()) {
        device_[Index(item)] = incumbent->items.device_of[item].index();
        part_of_[Index(item)] = incumbent->parts.part_of[item].index();
      }
      const SearchValue value = evaluator_.Value(device_.data(), part_of_.data(),
                                                 static_cast<int32_t>(incumbent->parts.num_parts));
      if (value.feasible()) upper_ = value.objective;
    }
    const std::vector<LowerBound> bounds =
        LowerBounds(problem_, graph_, Launch::kPerGroup, 100'000);
    for (const LowerBound& bound : bounds) goal_ = std::max(goal_, bound.value);
    const bool proved =
        problem_.objective == PlacementObjective::kLatency ? Latency() : Throughput();
    if (!proved || upper_ == kNever) return std::nullopt;
    if (steps_.empty() && incumbent != nullptr) return *incumbent;
    Unpack(steps_);
    std::vector<ItemId> order;
    for (const Step& step : steps_) {
      for (uint64_t set = step.items; set != 0; set &= set - 1) {
        order.push_back(instance_.item_of[static_cast<size_t>(std::countr_zero(set))]);
      }
    }
    return MakeParted(problem_, device_, part_of_, static_cast<int32_t>(steps_.size()), order);
  }

 private:
  static size_t Index(ItemId item) { return static_cast<size_t>(item.index()); }

  void Unpack(const std::vector<Step>& steps) {
    for (size_t c = 0; c < steps.size(); ++c) {
      for (uint64_t set = steps[c].items; set != 0; set &= set - 1) {
        const size_t item = Index(instance_.item_of[static_cast<size_t>(std::countr_zero(set))]);
        device_[item] = steps[c].device;
        part_of_[item] = static_cast<int32_t>(c);
      }
    }
  }

  Picos Judge(const std::vector<Step>& steps) {
    Unpack(steps);
    const SearchValue value =
        evaluator_.Value(device_.data(), part_of_.data(), static_cast<int32_t>(steps.size()));
    return value.feasible() ? value.objective : kNever;
  }

  void Accept(Picos value, const std::vector<Step>& steps) {
    if (value >= upper_) return;
    upper_ = value;
    steps_ = steps;
  }

  // Both return whether upper_ is proven to be the least.
  bool Latency() {
    SequenceSearchLimits limits;
    limits.upper = upper_;
    limits.goal = goal_;
    limits.work = work_;
    const SequenceSearchResult relaxed = SearchSequences(instance_, limits);
    const Picos least = relaxed.found ? relaxed.value : limits.upper;
    if (relaxed.found) Accept(Judge(relaxed.steps), relaxed.steps);
    if (!relaxed.complete) return false;
    if (upper_ <= least) return true;
    if (problem_.communication != Communication::kDelay) instance_.classes.clear();
    limits.upper = upper_;
    limits.goal = std::max(goal_, least);
    limits.work = work_ - relaxed.work;
    limits.judge = [this](const std::vector<Step>& steps) { return Judge(steps); };
    const SequenceSearchResult judged = SearchSequences(instance_, limits);
    if (judged.found) Accept(judged.value, judged.steps);
    return judged.complete;
  }

  bool Throughput() {
    LoadSearchLimits limits;
    limits.upper = upper_;
    limits.goal = goal_;
    limits.work = work_;
    if (!always_fits_) {
      limits.allowed = [this](const std::vector<Step>& steps) { return Judge(steps) < kNever; };
    }
    const LoadSearchResult found = SearchLoads(problem_, instance_, limits);
    if (found.found) Accept(found.value, found.steps);
    return found.complete;
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  PartEvaluator evaluator_;
  const bool always_fits_;
  SequenceInstance instance_;
  const int64_t work_;
  std::vector<int32_t> device_, part_of_;
  Picos upper_ = kNever, goal_ = 0;
  std::vector<Step> steps_;
};

}  // namespace

std::optional<PartedSolution> ExactParts(const PlacementProblem& problem, const ProblemGraph& graph,
                                         const PartedSolution* incumbent, int64_t work) {
  // Neither search counts the parts of a device; that of loads knows direct transfers only.
  const bool limited = std::any_of(
      problem.devices.begin(), problem.devices.end(),
      [](const PlacementProblem::MachineDevice& device) { return device.max_parts > 0; });
  const bool staged =
      std::any_of(problem.flows.begin(), problem.flows.end(),
                  [](const PlacementProblem::Flow& flow) { return !flow.staging.empty(); });
  if (problem.items.empty() || problem.items.size() > kMaxExactPartItems ||
      problem.devices.size() > 64 || staged || limited) {
    return std::nullopt;
  }
  return Exact(problem, graph, work).Run(incumbent);
}

}  // namespace allot
