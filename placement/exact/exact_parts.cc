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
        instance_(MakeCallInstance(problem, graph, CallSize::kAny)),
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
    if (calls_.empty() && incumbent != nullptr) return *incumbent;
    Unpack(calls_);
    std::vector<ItemId> order;
    for (const Call& call : calls_) {
      for (uint64_t set = call.items; set != 0; set &= set - 1) {
        order.push_back(instance_.item_of[static_cast<size_t>(std::countr_zero(set))]);
      }
    }
    return MakeParted(problem_, device_, part_of_, static_cast<int32_t>(calls_.size()), order);
  }

 private:
  static size_t Index(ItemId item) { return static_cast<size_t>(item.index()); }

  void Unpack(const std::vector<Call>& calls) {
    for (size_t c = 0; c < calls.size(); ++c) {
      for (uint64_t set = calls[c].items; set != 0; set &= set - 1) {
        const size_t item = Index(instance_.item_of[static_cast<size_t>(std::countr_zero(set))]);
        device_[item] = calls[c].device;
        part_of_[item] = static_cast<int32_t>(c);
      }
    }
  }

  Picos Judge(const std::vector<Call>& calls) {
    Unpack(calls);
    const SearchValue value =
        evaluator_.Value(device_.data(), part_of_.data(), static_cast<int32_t>(calls.size()));
    return value.feasible() ? value.objective : kNever;
  }

  void Accept(Picos value, const std::vector<Call>& calls) {
    if (value >= upper_) return;
    upper_ = value;
    calls_ = calls;
  }

  // Both return whether upper_ is proven to be the least.
  bool Latency() {
    CallSearchLimits limits;
    limits.upper = upper_;
    limits.goal = goal_;
    limits.work = work_;
    const CallSearchResult relaxed = SearchCalls(instance_, limits);
    const Picos least = relaxed.found ? relaxed.value : limits.upper;
    if (relaxed.found) Accept(Judge(relaxed.calls), relaxed.calls);
    if (!relaxed.complete) return false;
    if (upper_ <= least) return true;
    if (problem_.communication != Communication::kDelay) instance_.classes.clear();
    limits.upper = upper_;
    limits.goal = std::max(goal_, least);
    limits.work = work_ - relaxed.work;
    limits.judge = [this](const std::vector<Call>& calls) { return Judge(calls); };
    const CallSearchResult judged = SearchCalls(instance_, limits);
    if (judged.found) Accept(judged.value, judged.calls);
    return judged.complete;
  }

  bool Throughput() {
    LoadSearchLimits limits;
    limits.upper = upper_;
    limits.goal = goal_;
    limits.work = work_;
    if (!always_fits_) {
      limits.allowed = [this](const std::vector<Call>& calls) { return Judge(calls) < kNever; };
    }
    const LoadSearchResult found = SearchLoads(problem_, instance_, limits);
    if (found.found) Accept(found.value, found.calls);
    return found.complete;
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  PartEvaluator evaluator_;
  const bool always_fits_;
  CallInstance instance_;
  const int64_t work_;
  std::vector<int32_t> device_, part_of_;
  Picos upper_ = kNever, goal_ = 0;
  std::vector<Call> calls_;
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
