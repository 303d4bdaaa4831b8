// The default solver: what can be decided is decided; then one chain proves bounds by prices and
// branches, another improves the best answer neighbourhood by neighbourhood.
#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "placement/kinds/strategies/search/branching.h"
#include "placement/kinds/strategies/search/neighbourhoods.h"
#include "placement/kinds/strategies/search/price_search.h"
#include "placement/kinds/strategies/solvers.h"
#include "support/units.h"

namespace allot::strategies {
namespace {

// A unit of work is so many entries of matrices: 20,000,000 are about a minute.
constexpr int64_t kEntriesOfWork = 1'024;
constexpr int64_t kFirstIterations = 200, kSliceIterations = 40, kBranchIterations = 40;
// What both chains spend before they tell each other what they have found: twice as much each time.
constexpr int64_t kFirstSlice = 1'000'000, kLastSlice = 64'000'000;

// Both chains over the same base; an answer is a choice of it.
class TwoChains {
 public:
  TwoChains(const Reduction& base, const SolveLimits& limits)
      : base_(base),
        limits_(limits),
        stop_([this] { return Stop(); }),
        limit_(SaturatingMultiply(limits.work, kEntriesOfWork)),
        root_(std::in_place, base, kForbidden, std::vector<double>()) {}

  void Run() {
    Budget budget{limit_, 0, stop_};
    for (int64_t i = 0; i < kFirstIterations && !root_->closed() && !budget.Over();
         i += kSliceIterations) {
      root_->Run(kSliceIterations, budget);
      TakeExact();
    }
    spent_ = budget.spent;
    int64_t slice = kFirstSlice;
    while (bound_ < value_ && spent_ < limit_ && !budget.Over()) {
      Budget exact{std::min(slice, limit_ - spent_), 0, stop_};
      slice = std::min(2 * slice, kLastSlice);
      // What is proved ends the other chain: it cannot find anything better.
      std::atomic<bool> proved = false;
      Budget local{exact.limit, 0, [this, &proved] { return proved || stop_(); }};
      if (answer_.has_value() && !local_.has_value()) {
        local_.emplace(base_, root_prices_, limits_.seed, *answer_, value_);
      }
      if (local_.has_value() && local_->value() > value_) local_->Start(*answer_, value_);
      const bool both = local_.has_value() && exact_open();
      if (both && limits_.threads > 1) {
        std::thread other([&] { RunLocal(local); });
        RunExact(exact);
        proved = is_proved();
        other.join();
      } else {
        if (exact_open()) RunExact(exact);
        proved = is_proved();
        if (local_.has_value()) RunLocal(local);
      }
      if (proved) local.spent = 0;  // depends on how far it came
      spent_ += exact.spent + local.spent;
      if (exact.spent + local.spent == 0) break;  // neither has anything left to do
      TakeExact();
      if (local_.has_value() && local_->value() < value_) {
        value_ = local_->value();
        answer_ = local_->answer();
        if (root_.has_value()) root_->Lower(value_);
        if (branching_.has_value()) branching_->Lower(value_);
        TakeExact();
      }
    }
  }

  const std::optional<Choice>& answer() const { return answer_; }
  int64_t value() const { return value_; }
  int64_t bound() const { return bound_; }
  int64_t work() const { return spent_ / kEntriesOfWork; }

 private:
  bool exact_open() const {
    return root_.has_value() ? !root_->closed()
                             : branching_.has_value() && !branching_->exhausted();
  }
  bool is_proved() const {
    return root_.has_value() ? root_->closed() : branching_.has_value() && branching_->closed();
  }

  // Prices as long as they move, then branches.
  void RunExact(Budget& budget) {
    while (!budget.Over() && exact_open()) {
      if (branching_.has_value()) {
        branching_->Run(budget);
      } else if (root_->stuck()) {
        branching_.emplace(*std::move(root_), kBranchIterations);
        root_.reset();
      } else {
        root_->Run(kSliceIterations, budget);
      }
    }
  }
  void RunLocal(Budget& budget) {
    while (!budget.Over()) local_->Step(budget);
  }

  // What the chain of proofs has reached.
  void TakeExact() {
    if (root_.has_value()) root_prices_ = root_->prices();
    const int64_t below = root_.has_value() ? root_->below() : branching_->below();
    const std::optional<Choice>& best = root_.has_value() ? root_->best() : branching_->best();
    if (below < value_ && best.has_value()) {
      value_ = below;
      answer_ = best;
    }
    bound_ = std::max(bound_, root_.has_value() ? root_->bound() : branching_->bound());
    if (limits_.progress) {
      limits_.progress(answer_.has_value() ? value_ : -1, std::min(bound_, value_), work());
    }
  }

  bool Stop() {
    const std::lock_guard<std::mutex> lock(stopping_);
    return limits_.stop && limits_.stop();
  }

  const Reduction& base_;
  const SolveLimits& limits_;
  std::mutex stopping_;
  const std::function<bool()> stop_;
  const int64_t limit_;
  int64_t spent_ = 0;
  std::optional<PriceSearch> root_;  // until branching_
  std::vector<double> root_prices_;
  std::optional<Branching> branching_;
  std::optional<Neighbourhoods> local_;
  std::optional<Choice> answer_;
  int64_t value_ = kForbidden, bound_ = 0;
};

struct NoOptions {};

class Prices final : public Solver {
 public:
  explicit Prices(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }

  absl::StatusOr<ResultOf<Choice>> Solve(const Problem& problem,
                                         const SolveLimits& limits) const override {
    Reduction whole(problem);
    whole.Reduce(limits.stop);
    ResultOf<Choice> result;
    if (whole.infeasible()) {
      result.termination = Termination::kInfeasible;
      return result;
    }
    std::vector<int32_t> present;
    for (size_t n = 0; n < whole.nodes().size(); ++n) {
      if (whole.nodes()[n].present) present.push_back(static_cast<int32_t>(n));
    }
    const Reduction::Part part = whole.PartOf(present, {});
    TwoChains chains(part.reduction, limits);
    chains.Run();

    result.work = chains.work();
    const bool closed = chains.bound() >= chains.value();
    if (chains.answer().has_value()) {
      Choice choice(whole.nodes().size());
      for (size_t i = 0; i < present.size(); ++i) {
        choice[static_cast<size_t>(present[i])] = (*chains.answer())[i];
      }
      result.best = whole.Expand(choice);
      result.termination = closed ? Termination::kOptimal : Termination::kFeasible;
    } else {
      result.termination = closed ? Termination::kInfeasible : Termination::kNoSolutionFound;
      if (closed) return result;
    }
    result.bound = std::min(chains.bound(), chains.value());
    result.bound_name = "prices";
    return result;
  }
};

}  // namespace

Entry<Solver> PricesEntry() {
  return MakeEntry<Solver, Prices>(
      "prices", "reduces, prices what is used, branches and searches neighbourhoods, with a bound",
      OptionSchema<NoOptions>());
}

}  // namespace allot::strategies
