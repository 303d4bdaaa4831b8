#include "placement/kinds/training/bounds/cases.h"

#include <algorithm>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

namespace allot {
namespace {

// Levels: at the first prices, at better ones, by thresholds, by those of all-reduces, too.
constexpr int kHardest = 4;

std::vector<TrainingSort> AllSorts(const TrainingTables& tables) {
  return SortsOf(tables.problem(), ZonesByTies(tables));
}

}  // namespace

TrainingCases::TrainingCases(const TrainingTables& tables)
    : sorts_(AllSorts(tables)), layers_(tables, sorts_), stages_(tables, sorts_) {
  const TrainingProblem& problem = tables.problem();
  int64_t gpus = 0;
  for (const TrainingProblem::Pool& pool : problem.pools) gpus += pool.count;
  for (const int64_t size : tables.micro_batches()) {
    int64_t before = 0;
    for (int64_t replicas = 1; replicas <= gpus; ++replicas) {
      const int64_t at_once = size * replicas;
      const int64_t turns = (problem.global_batch + at_once - 1) / at_once;
      if (turns == before) continue;
      before = turns;
      for (int64_t stages = 1; stages <= layers_.MostStages(replicas); ++stages) {
        TrainingCase found{0, size, turns, stages, {}, 0};
        found.bound = layers_.Of(size, turns, stages, &found.prices.shares);
        found.prices.rents.assign(sorts_.size(), 0.0);
        if (found.bound < kNeverPicos) cases_.push_back(std::move(found));
      }
    }
  }
  Order();
}

void TrainingCases::Order() {
  const auto key = [](const TrainingCase& each) {
    return std::tuple(each.bound, each.micro_batch, each.micro_batches, each.stages);
  };
  std::sort(cases_.begin(), cases_.end(),
            [&](const TrainingCase& a, const TrainingCase& b) { return key(a) < key(b); });
}

int64_t TrainingCases::Raise(Picos value, int64_t steps) {
  const int64_t start = stages_.work();
  // The lowest bound first; cases are in order, so that ties go to the first.
  using Entry = std::pair<Picos, size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (size_t i = 0; i < cases_.size(); ++i) queue.emplace(cases_[i].bound, i);
  while (!queue.empty() && stages_.work() - start < steps) {
    const auto [bound, i] = queue.top();
    TrainingCase& lowest = cases_[i];
    if (bound >= value || lowest.level == kHardest) break;
    queue.pop();
    TrainingPrices prices = lowest.prices;
    Picos raised = 0;
    if (lowest.level == 0) {
      raised = stages_.At(lowest.micro_batch, lowest.micro_batches, lowest.stages, value, prices);
    } else if (lowest.level == 1) {
      raised = stages_.Best(lowest.micro_batch, lowest.micro_batches, lowest.stages, value, prices);
    } else {
      raised = stages_.ByThresholds(lowest.micro_batch, lowest.micro_batches, lowest.stages, value,
                                    lowest.level == 3);
    }
    ++lowest.level;
    if (raised > lowest.bound) lowest.bound = raised, lowest.prices = std::move(prices);
    if (lowest.bound < kNeverPicos) queue.emplace(lowest.bound, i);
  }
  std::erase_if(cases_, [](const TrainingCase& each) { return each.bound >= kNeverPicos; });
  Order();
  return stages_.work() - start;
}

}  // namespace allot
