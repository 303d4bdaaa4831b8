#include "design/search/published_rule.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace allot::design {
namespace {

constexpr double kBinArea = 10'000;  // square micrometres
constexpr size_t kBins = 5;

class RuleRunner {
 public:
  explicit RuleRunner(const HardwareSearch& search) : search_(search) {
    workspaces_.resize(search.models().size());
    const auto& configurations = search.question().configurations;
    for (size_t i = 0; i < configurations.size(); ++i) {
      const auto bin = static_cast<int64_t>(configurations[i].area.value() / kBinArea);
      bins_[-bin].push_back(i);
    }
  }

  std::optional<RuleOutcome> Run() {
    const Question& question = search_.question();
    for (size_t microbatch = 0; microbatch < question.microbatches.size(); ++microbatch) {
      for (size_t memory = 0; memory < question.memories_gib.size(); ++memory) {
        for (const bool recompute : question.recompute) RunOne(microbatch, memory, recompute);
      }
    }
    if (best_.has_value()) best_->explored = explored_;
    return std::move(best_);
  }

 private:
  void RunOne(size_t microbatch, size_t memory, bool recompute) {
    std::vector<double> of_bins;
    for (const auto& [bin, members] : bins_) {
      double best = -1;  // of a bin in which nothing fits, as published
      for (const size_t i : members) {
        ++explored_;
        Outcome outcome = Plan(i, microbatch, memory, recompute);
        if (outcome.plans.empty()) continue;
        double mean = 0;
        for (const PlanChoice& plan : outcome.plans) mean += plan.samples_per_s;
        mean /= static_cast<double>(outcome.plans.size());
        best = std::max(best, mean);
        if (best_.has_value() && outcome.value <= best_->outcome.value) continue;
        best_ = RuleOutcome{i, std::move(outcome), 0};
      }
      of_bins.push_back(best);
      if (of_bins.size() < kBins) continue;
      const auto last = of_bins.end() - static_cast<std::ptrdiff_t>(kBins);
      if (std::is_sorted(last, of_bins.end(), std::greater<>())) return;
    }
  }

  // Without plans if some model does not fit.
  Outcome Plan(size_t i, size_t microbatch, size_t memory, bool recompute) {
    auto times = times_.find(i);
    if (times == times_.end()) {
      times = times_.emplace(i, search_.Schedule(i).lengths).first;
    }
    const Question& question = search_.question();
    Outcome outcome;
    for (size_t m = 0; m < search_.models().size(); ++m) {
      outcome.plans.push_back(search_.models()[m].Best(times->second[m], microbatch, memory,
                                                       recompute, workspaces_[m]));
      if (outcome.plans.back().samples_per_s <= 0) return {};
      outcome.watts += search_.WattsOf(search_.models()[m], i, outcome.plans.back()) /
                       static_cast<double>(search_.models().size());
    }
    outcome.value =
        Combine(question, outcome.plans, outcome.watts, question.configurations[i].area);
    return outcome;
  }

  const HardwareSearch& search_;
  std::map<int64_t, std::vector<size_t>> bins_;  // by minus the number of the bin
  std::vector<ModelPlans::Workspace> workspaces_;
  std::map<size_t, std::vector<std::vector<Ticks>>> times_;  // by configuration, of each model
  std::optional<RuleOutcome> best_;
  int64_t explored_ = 0;
};

}  // namespace

std::optional<RuleOutcome> FollowPublishedRule(const HardwareSearch& search) {
  return RuleRunner(search).Run();
}

}  // namespace allot::design
