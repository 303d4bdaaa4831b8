// The solvers of the kind `training`.
#pragma once

#include "placement/kinds/kind_of.h"
#include "placement/kinds/training/model/problem.h"
#include "support/registry.h"
#include "support/units.h"

namespace allot {

inline constexpr absl::string_view kTrainingKind = "training";

using TrainingSolver = SolverOf<TrainingProblem, TrainingPlan>;

struct NoTrainingOptions {};

// The one to ask by default first.
Registry<TrainingSolver> TrainingSolvers();

// Stages of any lengths on any of the machines, and a bound.
Entry<TrainingSolver> PlannerTrainingEntry();
// One pool, equal numbers of layers, one width: what planners for machines that are alike would do
// with the best pool.
Entry<TrainingSolver> UniformTrainingEntry();

}  // namespace allot
