// The bound by prices, stage by stage: slower than TrainingBound, and closer.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "placement/kinds/training/bounds/reduce_speeds.h"
#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/model/costs.h"
#include "placement/kinds/training/model/evaluate.h"
#include "support/units.h"

namespace allot {

// Prices of the GPUs of each sort, all of them together.
struct TrainingPrices {
  std::vector<double> shares;  // of the time of the slowest stage (TrainingBound)
  double even = 0;             // of that time for stages, whatever they are on; with shares 1
  std::vector<double> rents;   // picoseconds, for using them at all
};

// As TrainingBound, for the same plans, but what is minimised is not layer by layer: layers are cut
// into stages, each on the sort and width that is cheapest for it at the prices, among those whose
// memory holds the stage with the micro-batches that are under way there, and a stage pays for the
// cheapest transfers that it can make over its boundaries. No more GPUs are used than there are, so
// whoever uses a GPU of sort c may be charged any rent r(c) >= 0, if the rent of all is given back.
// And the slowest stage is no faster than the mean of all: that has a price e of its own.
//
//   value >= min over cuts of the sum over stages of min over c, w of
//            ((n - 1) (D p(c) w + e / stages) + 1) (t + transfers) + K(c) parameters / (stages
//            min(w, 4))
//            + D w r(c)    - the sum of the rents of all GPUs + the least update.
//
// A(c, w) is the least all-reduce of a stage that has such a replica, for any number of replicas
// that leaves as many micro-batches. A dynamic programme over stages and layers finds the minimum.
// Of every stage of the plans that a bound is for.
struct StageLimits {
  Picos slowest = kNeverPicos;  // with its transfers
  Picos reduce = kNeverPicos;   // all-reduce
  bool free_reduce = false;     // what all-reduces take is counted by the caller
};

class StageBound {
 public:
  StageBound(const TrainingTables& tables, const std::vector<TrainingSort>& sorts);

  // At these prices; kNeverPicos if there is no such plan below `value`. `slopes`, unless null,
  // gets by how much the bound rises with each price. O(stages * layers^2 * sorts * widths), less
  // what does not fit. `limits`: of plans that keep them.
  Picos At(int64_t micro_batch, int64_t micro_batches, int64_t stages, Picos value,
           const TrainingPrices& prices, TrainingPrices* slopes = nullptr,
           const StageLimits& limits = {});
  // The most that a search over prices finds, from `prices` on; sets them to what gives it. Ends
  // where no plan below `value` is left.
  Picos Best(int64_t micro_batch, int64_t micro_batches, int64_t stages, Picos value,
             TrainingPrices& prices);
  // By thresholds of the slowest stage: a plan whose slowest stage takes between a and b pays n - 1
  // times a, and the sum of stages none of which takes longer than b, at the best rents; the least
  // of all [a, b], which cover what may be below `value`. Closer than Best() where GPUs are few for
  // the replicas or stages, and slower. With `reduces` the longest all-reduce is cut into such
  // pieces, too, instead of being the mean of all stages: slower again.
  Picos ByThresholds(int64_t micro_batch, int64_t micro_batches, int64_t stages, Picos value,
                     bool reduces);
  // Steps of dynamic programmes so far.
  int64_t work() const { return work_; }

 private:
  struct Choice {
    size_t sort = 0;
    int64_t width = 1;
  };
  struct Cell {
    double value = 0;
    int64_t first = 0;
    size_t choice = 0;
    bool reached = false;
  };

  std::vector<Choice> Choices(int64_t micro_batch) const;
  // The most that rents prove of the sum of stages and all-reduce within the limits; kNeverPicos
  // from `value` on.
  Picos SumAtBestRents(int64_t micro_batch, int64_t micro_batches, int64_t stages, Picos value,
                       const StageLimits& limits);
  // The same with the longest all-reduce cut into pieces.
  Picos SumByReduces(int64_t micro_batch, int64_t micro_batches, int64_t stages, Picos value,
                     Picos slowest);
  // The cheapest transfer of so many bytes to any other, or from and to it, from any.
  Picos Cheapest(const Choice& choice, Bytes bytes);
  Picos BoundaryCost(const Choice& choice, Bytes bytes);
  const std::vector<double>& Reduces(const Choice& choice, int64_t replicas, int64_t micro_batch,
                                     int64_t micro_batches);

  const TrainingTables& tables_;
  const std::vector<TrainingSort>& sorts_;
  ReduceSpeeds speeds_;
  std::map<std::pair<std::pair<size_t, int64_t>, Bytes>, Picos> cheapest_;
  std::map<std::tuple<size_t, int64_t, int64_t, int64_t>, std::vector<double>> reduces_;
  int64_t work_ = 0;
};

}  // namespace allot
