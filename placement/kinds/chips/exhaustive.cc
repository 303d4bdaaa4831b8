// Tries everything: the oracle of the tests.
#include <vector>

#include "placement/kinds/chips/model/compiled.h"
#include "placement/kinds/chips/model/verify.h"
#include "placement/kinds/chips/solvers.h"
#include "support/status.h"

namespace allot::chips {
namespace {

constexpr int64_t kMostCombinations = 300'000;

struct NoOptions {};

class Exhaustive final : public Solver {
 public:
  explicit Exhaustive(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kName}; }

  absl::StatusOr<ResultOf<Assignment>> Solve(const Problem& problem,
                                             const SolveLimits&) const override {
    const Compiled compiled(problem);
    int64_t combinations = 1;
    for (int32_t v = 0; v < compiled.size(); ++v) {
      combinations *= problem.chips;
      if (combinations <= kMostCombinations) continue;
      return InputError("exhaustive: there are more than ", kMostCombinations,
                        " combinations of chips");
    }
    ResultOf<Assignment> result;
    result.work = combinations;
    Assignment chips(static_cast<size_t>(compiled.size()));
    Picos best = 0;
    for (int64_t i = 0; i < combinations; ++i) {
      const Assignment all = compiled.Expand(chips);
      const absl::StatusOr<Picos> value = Verify(problem, all);
      if (value.ok() && (!result.best.has_value() || *value < best)) {
        best = *value;
        result.best = all;
      }
      for (size_t v = 0; v < chips.size() && ++chips[v] == problem.chips; ++v) chips[v] = 0;
    }
    result.termination = result.best.has_value() ? Termination::kOptimal : Termination::kInfeasible;
    return result;
  }
};

}  // namespace

Entry<Solver> ExhaustiveEntry() {
  return MakeEntry<Solver, Exhaustive>("exhaustive", "tries every assignment of chips",
                                       OptionSchema<NoOptions>());
}

}  // namespace allot::chips
