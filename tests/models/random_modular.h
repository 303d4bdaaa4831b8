// Random modular problems: chains of stages that each are a random graph with one way in and one
// way out, like the networks of RandWire (Xie et al., ICCV 2019). Larger than what random_problem.h
// makes, and regular: every device runs everything, and every route exists.
#pragma once

#include <cstdint>

#include "placement/problem/problem.h"

namespace allot::testing {

struct RandomModularOptions {
  int64_t stages = 4;
  int64_t nodes = 16;  // in each stage, besides the one that ends it
  // Of the Watts-Strogatz graph of a stage: each node is joined to so many neighbours on a ring
  // (even, less than `nodes`), then each edge goes elsewhere with this probability, in percent.
  int64_t neighbours = 4;
  int64_t rewired = 75;
  int64_t devices = 3;
  // The mean time of a transfer over all flows and ordered pairs of devices, in percent of the mean
  // time of a node over all nodes and devices.
  int64_t communication_to_compute = 100;
  Communication communication = Communication::kDelay;
};

// Passes Check(). Node times are an effort (50 to 150 us) times the slowness of the device (1 to 3,
// one of the devices has 1) times a noise of its own for each device (0.5 to 1.5); a stage's last
// node costs a tenth of that. Edges lead from lower to higher numbers within the stage; what
// nothing leads to reads the last node of the stage before (the first stage: an input node), and
// what leads nowhere is read by the last node of the stage. One flow per node; every ordered pair
// of devices has a channel of its own.
PlacementProblem RandomModularProblem(uint64_t seed, const RandomModularOptions& options);

}  // namespace allot::testing
