// Placements in stages: the model is cut into pieces, one after the other, and the servers of a
// stage all hold the same piece.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

// The servers of each stage, in the order in which tokens pass the stages. Every server is in one.
using Stages = std::vector<std::vector<int32_t>>;

// How many layers each stage holds so that all together they are the model's and every stage's
// servers pass `rate` at least; 0 for a stage that is left out. nullopt where there is no way.
// Exact: sums that can be reached, stage by stage.
std::optional<std::vector<int32_t>> StageLayers(const LayerFlowProblem& problem,
                                                const Stages& stages, int64_t rate);

// The highest rate for which StageLayers() finds a way; -1 if it finds none at all.
int64_t BestStageRate(const LayerFlowProblem& problem, const Stages& stages);

// The placement of such stages. A server that cannot hold as much as its stage, or whose stage is
// left out, joins another stage, where it can only help.
LayerPlacement PlacementOfStages(const LayerFlowProblem& problem, const Stages& stages,
                                 const std::vector<int32_t>& layers);

}  // namespace allot
