// The plainest list scheduler: by priority, first to finish, nothing clever. What the others must
// beat.
#include "placement/solvers/constructive/list_schedule.h"

namespace allot {
namespace {

struct PriorityGreedyOptions {};

// Items by the longest path that remains from them, mean times and transfers included; each goes
// behind the last item of the device where it ends first. For throughput, where no order of the
// items of a device matters, that is HEFT by mean times.
class PriorityGreedy : public PlacementSolver {
 public:
  explicit PriorityGreedy(PriorityGreedyOptions) {}

  ProblemFeatures features() const override { return {.staged = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    Evaluator evaluator(*input.facts);
    return BestWithinMemory(input.problem, evaluator, {[&](const std::vector<Bytes>& capacity) {
                              return ScheduleByRank(input.problem, input.graph, evaluator,
                                                    RankBy::kMean, Gaps::kLeave, capacity);
                            }});
  }
};

}  // namespace

Entry<PlacementSolver> PriorityGreedyEntry() {
  return MakeEntry<PlacementSolver, PriorityGreedy>(
      "priority-greedy",
      "Schedules items by descending rank, each behind the last one where it ends first.",
      OptionSchema<PriorityGreedyOptions>());
}

}  // namespace allot
