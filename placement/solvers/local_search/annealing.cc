// Simulated annealing by itself: local search without the descent, in one run.
#include "placement/solvers/local_search/local_search.h"

namespace allot {
namespace {

struct AnnealingOptions {};

class Annealing : public PlacementSolver {
 public:
  explicit Annealing(AnnealingOptions) {}

  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    return SearchFromStarts(input, /*restarts=*/1, Finish::kNone);
  }
};

}  // namespace

Entry<PlacementSolver> AnnealingEntry() {
  return MakeEntry<PlacementSolver, Annealing>(
      "annealing", "Anneals once, from the best of HEFT's solution and the single devices.",
      OptionSchema<AnnealingOptions>());
}

}  // namespace allot
