// A kind of problem that is no placement, as small as one can be: what anybody writes who adds one.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "placement/kinds/kind_of.h"
#include "placement/problem/machine.h"

namespace allot::testing {

// Items that exclude each other go to different devices of a machine; what is paid is the part_cost
// of every device that holds any.
struct ColouringProblem : Machine {
  int64_t num_items = 0;
  std::vector<std::pair<int64_t, int64_t>> apart;
};

using Colouring = std::vector<DeviceId>;  // by item
using ColouringSolver = SolverOf<ColouringProblem, Colouring>;

// "allot.colours/1": {"devices": [{"name", "part_cost"}], "items", "apart": [[0, 1], ...]}.
// Solvers: "first-fit", "exhaustive", and "boastful", whose answers are wrong.
std::shared_ptr<const ProblemKind> ColoursKind();

}  // namespace allot::testing
