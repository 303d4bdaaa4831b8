// What there is to search, each with a bound that is raised where it matters.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/training/bounds/bound.h"
#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/bounds/stage_bound.h"
#include "placement/kinds/training/model/evaluate.h"
#include "support/units.h"

namespace allot {

// All plans of one size of micro-batches, of which each replica trains so many, in so many stages.
struct TrainingCase {
  Picos bound = 0;
  int64_t micro_batch = 1, micro_batches = 1, stages = 1;
  TrainingPrices prices;  // that gave the bound
  int level = 0;          // how hard the bound was looked for
};

class TrainingCases {
 public:
  // Every case that may be, with bounds by TrainingBound.
  explicit TrainingCases(const TrainingTables& tables);

  // By bound; ties by size, then by number.
  const std::vector<TrainingCase>& all() const { return cases_; }
  bool empty() const { return cases_.empty(); }
  // No plan is below.
  Picos bound() const { return cases_.empty() ? kNeverPicos : cases_[0].bound; }

  // Raises the lowest bound, the next lowest and so on, by StageBound, until none is left to raise
  // below `value` or the steps are spent; returns how many were taken. Drops what cannot be.
  int64_t Raise(Picos value, int64_t steps);

 private:
  void Order();

  const std::vector<TrainingSort> sorts_;
  TrainingBound layers_;
  StageBound stages_;
  std::vector<TrainingCase> cases_;
};

}  // namespace allot
