// Solvers of training against all plans of small problems.
#include <algorithm>
#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/training/bounds/cases.h"
#include "placement/kinds/training/bounds/reduce_speeds.h"
#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/model/costs.h"
#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/model/verify.h"
#include "placement/kinds/training/solvers/solvers.h"
#include "support/random.h"
#include "tests/models/random_training.h"

namespace allot {
namespace {

using Group = TrainingPlan::Group;

// Every plan, by the definitions alone: sizes, numbers of replicas, cuts, and for each replica of
// each stage a pool and a width.
class EveryPlan {
 public:
  EveryPlan(const TrainingProblem& problem, std::function<void(const TrainingPlan&, Picos)> visit)
      : problem_(problem), visit_(std::move(visit)) {
    for (const TrainingProblem::Pool& pool : problem.pools) left_.push_back(pool.count);
    for (const int64_t size : {1, 2, 4}) {
      int64_t gpus = 0;
      for (const int64_t each : left_) gpus += each;
      for (int64_t replicas = 1; replicas <= gpus; ++replicas) {
        plan_ = {size, {}};
        replicas_ = replicas;
        Cut(0);
      }
    }
  }

 private:
  void Cut(int64_t first) {
    const auto layers = static_cast<int64_t>(problem_.layers.size());
    if (first == layers) {
      const absl::StatusOr<Picos> value = VerifyTraining(problem_, plan_);
      if (value.ok()) visit_(plan_, *value);
      return;
    }
    for (int64_t last = first; last < layers; ++last) {
      plan_.stages.push_back({first, last, {}});
      Fill(0);
      plan_.stages.pop_back();
    }
  }

  void Fill(int64_t replica) {
    if (replica == replicas_) return Cut(plan_.stages.back().last + 1);
    for (size_t pool = 0; pool < left_.size(); ++pool) {
      for (const int64_t width : {1, 2}) {
        if (left_[pool] < width) continue;
        left_[pool] -= width;
        plan_.stages.back().groups.push_back({static_cast<int64_t>(pool), width, 1});
        Fill(replica + 1);
        plan_.stages.back().groups.pop_back();
        left_[pool] += width;
      }
    }
  }

  const TrainingProblem& problem_;
  const std::function<void(const TrainingPlan&, Picos)> visit_;
  std::vector<int64_t> left_;
  TrainingPlan plan_;
  int64_t replicas_ = 1;
};

ResultOf<TrainingPlan> Solved(const std::string& name, const TrainingProblem& problem,
                              int64_t work = 500'000) {
  const auto solver = TrainingSolvers().Find(name)->make("");
  EXPECT_TRUE(solver.ok()) << solver.status();
  SolveLimits limits;
  limits.work = work;
  const auto result = (*solver)->Solve(problem, limits);
  EXPECT_TRUE(result.ok()) << result.status();
  return *result;
}

bool IsSmall(const TrainingProblem& problem) {
  int64_t gpus = 0;
  for (const TrainingProblem::Pool& pool : problem.pools) gpus += pool.count;
  return gpus <= 6;
}

TEST(TrainingSolvers, AgainstEveryPlan) {
  int64_t plans = 0;
  int solved = 0, best = 0;
  for (uint64_t seed = 0; seed < 800; ++seed) {
    const TrainingProblem problem = testing::RandomTraining(seed);
    if (!IsSmall(problem)) continue;
    ASSERT_EQ(CheckTrainingProblem(problem), absl::OkStatus()) << seed;
    SCOPED_TRACE(seed);
    const TrainingTables tables(problem);
    Picos least = kNeverPicos;
    EveryPlan(problem, [&](const TrainingPlan& plan, Picos value) {
      least = std::min(least, value);
      // What solvers count is what the definitions say.
      if (++plans % 7 != 0) return;
      EXPECT_EQ(tables.Times(plan).total, value);
    });
    const ResultOf<TrainingPlan> found = Solved("planner", problem);
    EXPECT_LE(found.bound, least);
    if (least == kNeverPicos) {
      EXPECT_FALSE(found.best.has_value());
      continue;
    }
    EXPECT_NE(found.termination, Termination::kInfeasible);
    if (!found.best.has_value()) continue;
    ++solved;
    const absl::StatusOr<Picos> value = VerifyTraining(problem, *found.best);
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_GE(*value, least);
    best += *value == least ? 1 : 0;
    const ResultOf<TrainingPlan> uniform = Solved("uniform", problem);
    if (uniform.best.has_value()) {
      const absl::StatusOr<Picos> base = VerifyTraining(problem, *uniform.best);
      ASSERT_TRUE(base.ok()) << base.status();
      EXPECT_LE(*value, *base);
    }
  }
  EXPECT_GT(plans, 100'000);
  EXPECT_GT(solved, 100);
  EXPECT_GT(best, solved * 8 / 10) << best << " of " << solved;
}

TEST(TrainingSolvers, EveryCaseHasABoundBelowItsPlans) {
  for (uint64_t seed = 0; seed < 120; ++seed) {
    const TrainingProblem problem = testing::RandomTraining(seed);
    if (!IsSmall(problem)) continue;
    SCOPED_TRACE(seed);
    const TrainingTables tables(problem);
    TrainingCases cases(tables);
    std::vector<TrainingCase> first = cases.all();
    Picos far = 0;
    EveryPlan(problem, [&](const TrainingPlan&, Picos value) { far = std::max(far, value); });
    cases.Raise(2 * far + 1, 2'000'000);
    std::vector<TrainingCase> raised = cases.all();
    const auto of = [](const std::vector<TrainingCase>& list, const TrainingPlan& plan,
                       int64_t turns) {
      const auto found = std::find_if(list.begin(), list.end(), [&](const TrainingCase& each) {
        return each.micro_batch == plan.micro_batch && each.micro_batches == turns &&
               each.stages == static_cast<int64_t>(plan.stages.size());
      });
      return found == list.end() ? kNeverPicos : found->bound;
    };
    EveryPlan(problem, [&](const TrainingPlan& plan, Picos value) {
      const int64_t turns = tables.Times(plan).micro_batches;
      ASSERT_LE(of(first, plan, turns), value);
      ASSERT_LE(of(raised, plan, turns), value);
    });
  }
}

TEST(TrainingSolvers, NoAllReduceIsFasterThanItsBound) {
  Random random(1);
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const TrainingProblem problem = testing::RandomTraining(seed);
    const TrainingTables tables(problem);
    const std::vector<TrainingSort> sorts = SortsOf(problem, ZonesByTies(tables));
    ReduceSpeeds speeds(problem, sorts);
    for (const TrainingProblem::Link& link : problem.links) {
      if (link.from_width != 1 || link.to_width != 1) continue;
      for (size_t sort = 0; sort < sorts.size(); ++sort) {
        const std::vector<int64_t>& pools = sorts[sort].pools;
        if (std::find(pools.begin(), pools.end(), link.from) == pools.end()) continue;
        const int64_t least = random.Between(2, 20), most = 2 * least;
        const auto bytes = static_cast<double>(random.Between(1, 3'000'000'000));
        for (int64_t replicas = least; replicas <= most; ++replicas) {
          const auto time = static_cast<double>(AllReduceTime(link, bytes, replicas));
          EXPECT_GE(time + 1, speeds.Least(sort, bytes, least, most) * (1 - 1e-9));
          EXPECT_GE(time + 1, speeds.PicosPerByte(least)[sort] * bytes * (1 - 1e-9));
        }
      }
    }
  }
}

TEST(TrainingSolvers, RepeatAndStopWithWhatTheyHave) {
  const TrainingProblem problem = testing::RandomTraining(11);
  const TrainingTables tables(problem);
  const ResultOf<TrainingPlan> once = Solved("planner", problem),
                               again = Solved("planner", problem);
  ASSERT_TRUE(once.best.has_value());
  EXPECT_EQ(once.best->stages, again.best->stages);
  EXPECT_EQ(once.work, again.work);
  EXPECT_EQ(once.bound, again.bound);
  SolveLimits limits;
  limits.stop = [] { return true; };
  const auto solver = TrainingSolvers().Find("planner")->make("");
  const auto stopped = (*solver)->Solve(problem, limits);
  ASSERT_TRUE(stopped.ok());
  EXPECT_LE(stopped->bound, tables.Times(*once.best).total);
  for (const int64_t work : {1, 50, 2000}) {
    const ResultOf<TrainingPlan> little = Solved("planner", problem, work);
    EXPECT_LE(little.work, work + 2000);
    EXPECT_NE(little.termination, Termination::kOptimal);
  }
}

}  // namespace
}  // namespace allot
