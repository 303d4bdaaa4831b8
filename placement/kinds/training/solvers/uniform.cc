// Stages of equal numbers of layers on the machines of one pool, all tensors cut alike, every size
// tried: the space of planners for machines that are alike (Megatron, Varuna). O(pools * sizes *
// widths * layers * GPUs) evaluations.
#include <algorithm>
#include <memory>
#include <optional>

#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/solvers/solvers.h"

namespace allot {
namespace {

class Uniform final : public TrainingSolver {
 public:
  explicit Uniform(NoTrainingOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kTrainingKind}; }

  absl::StatusOr<ResultOf<TrainingPlan>> Solve(const TrainingProblem& problem,
                                               const SolveLimits& limits) const override {
    const TrainingTables tables(problem);
    ResultOf<TrainingPlan> result;
    Picos best = kNeverPicos;
    const auto pools = static_cast<int64_t>(problem.pools.size());
    for (int64_t pool = 0; pool < pools; ++pool) {
      for (const int64_t size : tables.micro_batches()) {
        for (const int64_t width : tables.widths(pool)) {
          if (!tables.Profiled(pool, size, width)) continue;
          Try(tables, size, {pool, width, 1}, limits, best, result);
        }
      }
    }
    if (result.best.has_value()) result.termination = Termination::kFeasible;
    return result;
  }

 private:
  static void Try(const TrainingTables& tables, int64_t size, TrainingPlan::Group group,
                  const SolveLimits& limits, Picos& best, ResultOf<TrainingPlan>& result) {
    const TrainingProblem& problem = tables.problem();
    const int64_t gpus = problem.pools[static_cast<size_t>(group.pool)].count / group.width;
    for (int64_t stages = 1; stages <= std::min(tables.layers(), gpus); ++stages) {
      TrainingPlan plan{size, {}};
      int64_t next = 0;
      bool fits = true;
      for (int64_t i = 0; i < stages; ++i) {
        const int64_t held = tables.layers() / stages + (i < tables.layers() % stages ? 1 : 0);
        plan.stages.push_back({next, next + held - 1, {group}});
        fits =
            fits && tables.Fits(group.pool, size, group.width, next, next + held - 1, stages - i);
        next += held;
      }
      for (int64_t replicas = 1; fits && replicas <= gpus / stages; ++replicas) {
        if (++result.work > limits.work || (limits.stop && limits.stop())) return;
        for (TrainingPlan::Stage& stage : plan.stages) stage.groups[0].replicas = replicas;
        const Picos value = tables.Times(plan).total;
        if (value >= best) continue;
        best = value;
        result.best = plan;
        if (limits.progress) limits.progress(best, 0, result.work);
      }
    }
  }
};

}  // namespace

Entry<TrainingSolver> UniformTrainingEntry() {
  return MakeEntry<TrainingSolver, Uniform>(
      "uniform", "equal numbers of layers, one width, the best pool of machines by itself",
      OptionSchema<NoTrainingOptions>());
}

}  // namespace allot
