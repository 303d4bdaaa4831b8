// Seeded random problems of training for properties and oracles: a few layers, two or three pools.
#pragma once

#include <cstdint>

#include "placement/kinds/training/model/problem.h"

namespace allot::testing {

// Passes CheckTrainingProblem(). Memory matters now and then, and now and then a link is missing.
TrainingProblem RandomTraining(uint64_t seed);

}  // namespace allot::testing
