// The standard list scheduler for unlike machines, and the first solution of every search.
#include "placement/solvers/constructive/list_schedule.h"

namespace allot {
namespace {

struct HeftOptions {
  std::string rank;
};

OptionSchema<HeftOptions> Schema() {
  return OptionSchema<HeftOptions>().Add(
      "rank", &HeftOptions::rank,
      "What an item weighs in its rank: 'mean', 'best' or 'worst' time; empty: tries all three");
}

class Heft : public PlacementSolver {
 public:
  explicit Heft(HeftOptions options) : options_(std::move(options)) {}

  ProblemFeatures features() const override { return {.staged = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    std::vector<RankBy> ranks;
    if (options_.rank.empty() || options_.rank == "mean") ranks.push_back(RankBy::kMean);
    if (options_.rank.empty() || options_.rank == "best") ranks.push_back(RankBy::kBest);
    if (options_.rank.empty() || options_.rank == "worst") ranks.push_back(RankBy::kWorst);
    if (ranks.empty()) {
      return InputError("rank must be mean, best or worst, not '", options_.rank, "'");
    }
    Evaluator evaluator(*input.facts);
    std::vector<SolutionBuilder> builders;
    for (const RankBy by : ranks) {
      builders.push_back([&, by](const std::vector<Bytes>& capacity) {
        return ScheduleByRank(input.problem, input.graph, evaluator, by, Gaps::kFill, capacity);
      });
    }
    return BestWithinMemory(input.problem, evaluator, builders);
  }

 private:
  const HeftOptions options_;
};

}  // namespace

Entry<PlacementSolver> HeftEntry() {
  return MakeEntry<PlacementSolver, Heft>(
      "heft", "Schedules items by descending rank, each where it ends first.", Schema());
}

}  // namespace allot
