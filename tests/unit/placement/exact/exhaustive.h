// Small random problems of every kind, and their optima by trying everything: what exact methods
// and bounds are held against.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/value/evaluate.h"
#include "placement/value/evaluator.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {

// What a test asks for; the rest is drawn.
struct SmallProblemOptions {
  int64_t min_items = 1, max_items = 5;
  int64_t max_devices = 3;
  int64_t edge_percent = 45;
  int64_t max_effort = 20;
  bool memory = false;  // tight memories, shared weights, workspaces
  bool groups = false;  // together groups, absent times and routes
  std::optional<PlacementObjective> objective;
  std::optional<Communication> communication;
};

inline PlacementProblem SmallProblem(Random& random, const SmallProblemOptions& options) {
  testing::RandomProblemOptions drawn;
  drawn.items = random.Between(options.min_items, options.max_items);
  drawn.devices = random.Between(1, options.max_devices);
  drawn.objective = options.objective.value_or(
      random.Below(2) == 0 ? PlacementObjective::kLatency : PlacementObjective::kThroughput);
  drawn.communication = options.communication.value_or(static_cast<Communication>(random.Below(3)));
  drawn.edge_density = options.edge_percent;
  drawn.max_effort = options.max_effort;
  drawn.absent_times = drawn.missing_routes = options.groups ? 12 : 0;
  drawn.measured_flows = 25;
  drawn.identical_devices = random.Below(4) == 0;
  drawn.memory = options.memory;
  drawn.groups = options.groups;
  drawn.launch_on_arrival = random.Below(3) == 0;
  return testing::RandomProblem(random.Next(), drawn);
}

// Calls visit(order) for every topological order of the items.
template <typename Visit>
void ForEachOrder(const ProblemGraph& graph, std::vector<int32_t>& order,
                  std::vector<int32_t>& missing, const Visit& visit) {
  const size_t n = graph.topological.size();
  if (order.size() == n) {
    visit();
    return;
  }
  for (size_t i = 0; i < n; ++i) {
    if (missing[i] != 0) continue;
    missing[i] = -1;
    order.push_back(static_cast<int32_t>(i));
    for (const ItemId next : graph.successors[ItemId(i)]) {
      --missing[static_cast<size_t>(next.index())];
    }
    ForEachOrder(graph, order, missing, visit);
    for (const ItemId next : graph.successors[ItemId(i)]) {
      ++missing[static_cast<size_t>(next.index())];
    }
    order.pop_back();
    missing[i] = 0;
  }
}

// The least objective over all placements and orders; nullopt if none is feasible.
inline std::optional<Picos> ExhaustiveOptimum(const PlacementProblem& problem,
                                              const ProblemGraph& graph) {
  Evaluator evaluator(problem, graph);
  const size_t n = problem.items.size();
  std::vector<int32_t> device(n, 0);
  std::optional<Picos> best;
  while (true) {
    std::vector<int32_t> order, missing;
    for (const ItemId item : problem.items.ids()) {
      missing.push_back(static_cast<int32_t>(graph.predecessors[item].size()));
    }
    ForEachOrder(graph, order, missing, [&] {
      const SearchValue value = evaluator.Value(device.data(), order.data());
      if (value.feasible() && (!best.has_value() || value.objective < *best)) {
        best = value.objective;
      }
    });
    size_t i = 0;
    while (i < n && ++device[i] == static_cast<int32_t>(problem.devices.size())) device[i++] = 0;
    if (i == n) return best;
  }
}

}  // namespace allot
