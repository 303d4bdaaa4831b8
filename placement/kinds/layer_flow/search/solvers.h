// The solvers of layer-flow problems, by name.
#pragma once

#include "placement/kinds/kind_of.h"
#include "placement/kinds/layer_flow/value/problem.h"
#include "placement/solver.h"
#include "support/registry.h"

namespace allot {

inline constexpr absl::string_view kLayerFlowKind = "layer-flow";

using LayerFlowSolver = SolverOf<LayerFlowProblem, LayerPlacement>;

// "auto" first.
Registry<LayerFlowSolver> LayerFlowSolvers();

}  // namespace allot
