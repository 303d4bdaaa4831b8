// From sorts to pools: in which zone each replica of each stage lies.
#pragma once

#include <string>
#include <vector>

#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/model/problem.h"
#include "placement/kinds/training/solvers/stage_search.h"

namespace allot {

// The best of a few ways, by what the plan takes: whole pipelines zone by zone, so that only
// replicas speak across zones; and stages zone by zone, so that only stages do. Zones are filled in
// the order of `zones`, and in it turned. Without a zone that is left to choose there is one way.
TrainingPlan PlaceInZones(const TrainingTables& tables, const std::vector<TrainingSort>& sorts,
                          const std::vector<std::string>& zones, int64_t micro_batch,
                          const SortPlan& plan);

}  // namespace allot
