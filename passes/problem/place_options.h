// What `place` can be asked for.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "placement/lanes/lanes.h"
#include "placement/parts/parts.h"
#include "support/options.h"

namespace allot {

struct PlaceOptions {
  std::string solver = "auto";
  std::string solver_options;
  int64_t work = 0;
  bool baselines = true;
  bool replicas = true;
  int64_t latency_limit_us = 0;
  int64_t max_parts = 0;
  int64_t part_price = 50;
  bool contiguous = false;
  int64_t migration_cost = 0;
};

// Names, meanings and defaults of the above, for pipelines as text.
OptionSchema<PlaceOptions> PlaceOptionSchema();

// An error that names what is negative.
absl::Status CheckOptions(const PlaceOptions& options);

// Whether any plan would do that is good.
bool AsksForNothing(const PlaceOptions& options);

// Whether placements that take turns are asked for, in so many parts, each in the time that one
// inference may take.
bool KeepsLimits(const PlaceOptions& options, const PlacementProblem& problem, const Lanes& lanes);

// The error that nothing keeps the limits on parts and on the time of an inference, and what the
// best without them takes.
absl::Status NothingWithin(const PlaceOptions& options, const PartedSolution& best);

}  // namespace allot
