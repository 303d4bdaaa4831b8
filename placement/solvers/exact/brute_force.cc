// Tries everything: the oracle of the suite, and the answer for very small problems.
#include <limits>

#include "placement/exact/brute_force_parts.h"
#include "placement/solver.h"

namespace allot {
namespace {

struct BruteForceOptions {
  int64_t max_items = 10;
};

OptionSchema<BruteForceOptions> Schema() {
  return OptionSchema<BruteForceOptions>().Add("max-items", &BruteForceOptions::max_items,
                                               "Refuses larger problems");
}

class BruteForce : public PlacementSolver {
 public:
  explicit BruteForce(BruteForceOptions options) : options_(options) {}

  std::vector<absl::string_view> kinds() const override { return {kItemsKind, kCallsKind}; }
  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const auto n = static_cast<int64_t>(input.problem.items.size());
    if (n > options_.max_items) {
      return absl::UnimplementedError(absl::StrCat(n, " items are more than ", options_.max_items));
    }
    SolveResult result;
    bool complete = true;
    result.best = BestByEnumeration(input.problem, input.graph, std::numeric_limits<Picos>::max(),
                                    input.limits.work, result.work, complete);
    if (result.best.has_value()) {
      result.termination = complete ? Termination::kOptimal : Termination::kFeasible;
    } else {
      result.termination = complete ? Termination::kInfeasible : Termination::kNoSolutionFound;
    }
    return result;
  }

 private:
  const BruteForceOptions options_;
};

}  // namespace

Entry<PlacementSolver> BruteForceEntry() {
  return MakeEntry<PlacementSolver, BruteForce>(
      "brute-force", "Tries every placement and every order; for very small problems.", Schema());
}

}  // namespace allot
