// What allot-solve says of a result.
#pragma once

#include <optional>
#include <string>

#include "placement/lanes/steady_state.h"
#include "placement/solver.h"
#include "support/json.h"

namespace allot {

// Of a feasible placement that uses one device only, the best.
struct SingleDevice {
  DeviceId device;
  Picos value = 0;
};

struct SolveReport {
  const PlacementProblem& problem;
  const ProblemGraph& graph;
  const SolveResult& result;
  double wall_s = 0;
  std::optional<SingleDevice> best_single;
  std::optional<SteadyState> replication = {};  // if replicas were asked for
};

std::optional<SingleDevice> BestSingleDevice(const PlacementProblem& problem,
                                             const ProblemGraph& graph);

// (value - bound) / value, 0 if proved; nothing without a value or a bound.
std::optional<double> RelativeGap(const SolveResult& result);

// Times in ms. The schedule is simulated.
Json SolveJson(const SolveReport& report);
// A few lines and a table of the devices.
std::string SolveTable(const SolveReport& report, const std::string& name);

}  // namespace allot
