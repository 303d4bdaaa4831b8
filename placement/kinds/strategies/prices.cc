// The default solver: what can be decided is decided, then prices, then branches.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/strategies/model/evaluate.h"
#include "placement/kinds/strategies/search/branching.h"
#include "placement/kinds/strategies/search/price_search.h"
#include "placement/kinds/strategies/solvers.h"

namespace allot::strategies {
namespace {

// A unit of work is so many entries of matrices: 20,000,000 are about a minute.
constexpr int64_t kEntriesOfWork = 256;
constexpr int64_t kRootIterations = 400, kIterations = 40;

struct NoOptions {};

class Prices final : public Solver {
 public:
  explicit Prices(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }

  absl::StatusOr<ResultOf<Choice>> Solve(const Problem& problem,
                                         const SolveLimits& limits) const override {
    Budget budget{SaturatingMultiply(limits.work, kEntriesOfWork), 0, limits.stop};
    Reduction reduction(problem);
    reduction.Reduce(limits.stop);
    PriceSearch root(std::move(reduction), kForbidden, {});
    const auto report = [&](int64_t value, int64_t bound) {
      if (!limits.progress) return;
      limits.progress(value < kForbidden ? value : -1, std::max<int64_t>(bound, 0),
                      budget.spent / kEntriesOfWork);
    };
    for (int64_t done = 0; done < kRootIterations && !root.closed() && !budget.Over();
         done += kIterations) {
      root.Run(kIterations, budget);
      report(root.below(), root.bound());
    }
    Branching branching(std::move(root), kIterations);
    branching.on_progress = [&] { report(branching.below(), branching.bound()); };
    branching.Run(budget);

    ResultOf<Choice> result;
    result.work = budget.spent / kEntriesOfWork;
    result.best = branching.best();
    if (branching.bound() >= branching.below()) {
      result.termination =
          result.best.has_value() ? Termination::kOptimal : Termination::kInfeasible;
    } else {
      result.termination =
          result.best.has_value() ? Termination::kFeasible : Termination::kNoSolutionFound;
    }
    if (result.termination != Termination::kInfeasible) {
      result.bound = branching.bound();
      result.bound_name = "prices";
    }
    return result;
  }
};

}  // namespace

Entry<Solver> PricesEntry() {
  return MakeEntry<Solver, Prices>(
      "prices", "reduces, prices what is used, and branches: a proved bound for any size",
      OptionSchema<NoOptions>());
}

}  // namespace allot::strategies
