// The best stages for one size of micro-batches and one number of replicas.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/model/evaluate.h"
#include "support/units.h"

namespace allot {

struct StageQuestion {
  int64_t micro_batch = 1, replicas = 1;
  std::vector<double> shares;  // prices (bound.h), of `sorts`
  bool hopeful = false;        // of all-reduces across zones (sorts.h)
  Picos below = 0;             // only what may be faster is wanted
  int64_t keep = 16;           // labels of a state
  int64_t work = 0;            // at most
  std::function<bool()> stop = nullptr;
};

// Replicas of a stage, by sort.
struct SortGroup {
  size_t sort = 0;
  int64_t width = 1, replicas = 1;
};
struct SortStage {
  int64_t first = 0, last = 0;
  std::vector<SortGroup> groups;
};
using SortPlan = std::vector<SortStage>;

struct StagesFound {
  std::vector<SortPlan> plans;  // the best first, of several numbers of stages
  int64_t work = 0;
};

// From the last stage to the first: labels of what is trained so far (slowest stage, sum, largest
// all-reduce, GPUs of each sort that are left) are extended by a stage of any length on any sort
// and width, or on two sorts, once. A label that another beats in all is dropped, so is one that
// cannot end below `below` by the prices of what is left, and of the rest `keep` of each number of
// stages and layers stay, by the same bound. Links are those of sorts (sorts.h).
StagesFound SearchStages(const TrainingTables& tables, const std::vector<TrainingSort>& sorts,
                         const StageQuestion& question);

}  // namespace allot
