// Tries everything: the oracle of the tests.
#include <vector>

#include "placement/kinds/strategies/model/evaluate.h"
#include "placement/kinds/strategies/model/verify.h"
#include "placement/kinds/strategies/solvers.h"
#include "support/status.h"

namespace allot::strategies {
namespace {

constexpr int64_t kMostCombinations = 1'000'000;

struct NoOptions {};

class Exhaustive final : public Solver {
 public:
  explicit Exhaustive(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }

  absl::StatusOr<ResultOf<Choice>> Solve(const Problem& problem,
                                         const SolveLimits&) const override {
    int64_t combinations = 1;
    for (const Node& node : problem.nodes) {
      combinations *= node.strategies;
      if (combinations <= kMostCombinations) continue;
      return InputError("exhaustive: there are more than ", kMostCombinations,
                        " combinations of strategies");
    }
    ResultOf<Choice> result;
    result.work = combinations;
    Choice choice(problem.nodes.size());
    int64_t best = kForbidden;
    for (int64_t i = 0; i < combinations; ++i) {
      const int64_t cost = Evaluate(problem, choice);
      if (cost < best && Verify(problem, choice).ok()) {
        best = cost;
        result.best = choice;
      }
      for (size_t n = 0; n < choice.size() && ++choice[n] == problem.nodes[n].strategies; ++n) {
        choice[n] = 0;
      }
    }
    result.termination = result.best.has_value() ? Termination::kOptimal : Termination::kInfeasible;
    return result;
  }
};

}  // namespace

Entry<Solver> ExhaustiveEntry() {
  return MakeEntry<Solver, Exhaustive>("exhaustive", "tries every combination of strategies",
                                       OptionSchema<NoOptions>());
}

}  // namespace allot::strategies
