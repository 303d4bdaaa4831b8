// How others place layers, without looking at flows: what a plan is compared with.
#pragma once

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

// The rule of Petals (Borzunov et al., ACL 2023): servers come one by one, in their order, each
// holds as many layers as it can, and takes the interval whose layers' rates so far, sorted, are
// the smallest; the first of such.
LayerPlacement PetalsPlacement(const LayerFlowProblem& problem);

// The rule of SWARM (Ryabinin et al., ICML 2023): as few equal stages as let the smallest server
// hold one, and each server, in their order, joins the stage that passes least so far; the first of
// such.
LayerPlacement SwarmPlacement(const LayerFlowProblem& problem);

}  // namespace allot
