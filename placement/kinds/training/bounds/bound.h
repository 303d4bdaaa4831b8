// What no plan can be faster than.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/training/bounds/reduce_speeds.h"
#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/model/evaluate.h"
#include "support/units.h"

namespace allot {

// For all plans of one size of micro-batches, of which each replica trains n, in `stages` stages,
// on D >= ceil(global batch / (size n)) replicas:
//
//   value >= (n - 1) M + sum of stages + all-reduce,  M the slowest stage with its transfers.
//
// Let a GPU of sort c have a price p(c) >= 0, the prices of all GPUs together 1. A replica that
// holds w GPUs of c for a stage keeps them busy for the times t of its layers within M, less the
// least transfer x: so M - x >= the sum over layers and replicas of p(c) w t. A stage takes its
// slowest replica, so at least the mean of all; the all-reduce is at least the mean over stages of
// K(c) parameters / w, where K(c) is of reduce_speeds.h. Together
//
//   value >= sum over layers of min over c, w of [((n - 1) D p(c) w + 1) t + K(c) parameters /
//            (stages min(w, 4))] + (n + stages - 1) x + the least update,
//
// whatever the prices are. Those that make the most of it are sought: the bound is concave in them.
class TrainingBound {
 public:
  // `sorts`: all of the problem, in all zones.
  TrainingBound(const TrainingTables& tables, std::vector<TrainingSort> sorts);

  // kNeverPicos if there is no such plan. `shares`, unless null, gets the price of all GPUs of each
  // sort together. O(steps * distinct layers * sorts * widths).
  Picos Of(int64_t micro_batch, int64_t micro_batches, int64_t stages,
           std::vector<double>* shares = nullptr);
  // The most stages that so many replicas of the narrowest width leave room for.
  int64_t MostStages(int64_t replicas) const;

 private:
  struct Term {  // of a choice of sort and width for a layer
    size_t sort = 0;
    double busy = 0, once = 0;  // what it adds per price of the sort, and in any case
  };
  using Terms = std::vector<std::pair<double, std::vector<Term>>>;  // how many such layers

  Terms TermsOf(int64_t micro_batch, int64_t micro_batches, int64_t replicas, int64_t stages);
  double Best(const Terms& terms, std::vector<double>& shares) const;
  double LeastTransfer(int64_t micro_batch) const;
  Picos LeastUpdate(int64_t micro_batch) const;

  const TrainingTables& tables_;
  const std::vector<TrainingSort> sorts_;
  ReduceSpeeds speeds_;
  std::vector<std::vector<int64_t>> alike_;  // layers that nothing tells apart
};

}  // namespace allot
