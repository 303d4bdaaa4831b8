// Small problems of the kind pipelines for tests of it.
#pragma once

#include <cstdint>
#include <optional>

#include "placement/kinds/pipelines/model/problem.h"

namespace allot::testing {

struct RandomPipelinesOptions {
  int64_t layers = 5, most_devices = 8, most_microbatches = 12;
  int64_t percent_branches = 30;  // of layers, that do not read the one before
};

// The same everywhere for a seed: one to three widths, some layers split and some not, memory that
// often binds. May have no answer.
pipelines::Problem RandomPipelines(uint64_t seed, const RandomPipelinesOptions& options = {});

// The least value of all plans, each of them verified; nullopt if none keeps the rules. For few
// layers.
std::optional<int64_t> BestOfAllPlans(const pipelines::Problem& problem);

}  // namespace allot::testing
