// Pools of like machines taken together: a search over types of GPUs need not tell zones apart.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/model/problem.h"
#include "support/units.h"

namespace allot {

struct TrainingSort {
  std::vector<int64_t> pools;  // of one type of GPU and machines of one size
  int64_t count = 0;           // GPUs
};

// Those of the zones that are `allowed`; in the order of their first pools.
std::vector<TrainingSort> SortsOf(const TrainingProblem& problem,
                                  const std::vector<std::string>& allowed);

// Zones, from the one that is best tied to the others on: by the time of a large transfer to all.
std::vector<std::string> ZonesByTies(const TrainingTables& tables);

// What a search expects of links between sorts: a pair of stages within one zone where both are;
// replicas of a stage across the worst pair of zones or, if `hopeful`, the best. Zones are chosen
// later (zones.h).
Picos SortTransfer(const TrainingTables& tables, const TrainingSort& from, int64_t from_width,
                   const TrainingSort& to, int64_t to_width, Bytes bytes);
Picos SortAllReduce(const TrainingTables& tables, const TrainingSort& from, const TrainingSort& to,
                    int64_t width, int64_t first, int64_t last, int64_t replicas, bool hopeful);

}  // namespace allot
