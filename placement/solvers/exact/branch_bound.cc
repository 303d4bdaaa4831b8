// Exact search over placements and orders: see placement/exact/exact_items.h for what is proven
// when.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/exact/exact_items.h"
#include "placement/solver.h"
#include "support/status.h"

namespace allot {
namespace {

struct BranchBoundOptions {
  int64_t max_items = static_cast<int64_t>(kMaxExactItems);
};

OptionSchema<BranchBoundOptions> Schema() {
  return OptionSchema<BranchBoundOptions>().Add(
      "max-items", &BranchBoundOptions::max_items,
      absl::StrCat("Refuse problems with more items than this (at most ", kMaxExactItems, ")"));
}

class BranchBound : public PlacementSolver {
 public:
  explicit BranchBound(BranchBoundOptions options) : options_(options) {}

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const auto num_items = static_cast<int64_t>(input.problem.items.size());
    const int64_t limit = std::min(options_.max_items, static_cast<int64_t>(kMaxExactItems));
    if (num_items > limit) return InputError(num_items, " items are more than ", limit);
    if (input.problem.devices.size() > kMaxExactDevices) {
      return InputError(input.problem.devices.size(), " devices are more than ", kMaxExactDevices);
    }
    ExactItemsResult exact = ExactItems(*input.facts, input.incumbent, input.limits.work);
    SolveResult result;
    result.work = exact.work;
    result.best = std::move(exact.solution);
    if (result.best.has_value()) {
      result.termination = exact.proved ? Termination::kOptimal : Termination::kFeasible;
    } else if (exact.proved) {
      result.termination = Termination::kInfeasible;
    }
    result.lower_bound = {exact.lower, "branch-bound"};
    return result;
  }

 private:
  const BranchBoundOptions options_;
};

}  // namespace

Entry<PlacementSolver> BranchBoundEntry() {
  return MakeEntry<PlacementSolver, BranchBound>(
      "branch-bound",
      "Searches all placements and orders of a small problem, with proof (about 20 items).",
      Schema());
}

}  // namespace allot
