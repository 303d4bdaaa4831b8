// Small random problems of every kind, and their optima by trying everything: what exact methods
// and bounds are held against.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "placement/value/evaluate.h"
#include "placement/value/evaluator.h"
#include "support/random.h"

namespace allot {

struct RandomProblemOptions {
  int64_t min_items = 1, max_items = 5;
  int64_t max_devices = 3;
  int64_t edge_percent = 45;
  int64_t max_time = 20;
  bool memory = false;  // tight memories, shared weights, workspaces
  bool groups = false;  // together groups and absent times
  std::optional<PlacementObjective> objective;
  std::optional<Communication> communication;
};

inline PlacementProblem RandomProblem(Random& random, const RandomProblemOptions& options) {
  PlacementProblem problem;
  const int64_t n = random.Between(options.min_items, options.max_items);
  const int64_t num_devices = random.Between(1, options.max_devices);
  problem.objective = options.objective.value_or(
      random.Below(2) == 0 ? PlacementObjective::kLatency : PlacementObjective::kThroughput);
  problem.communication =
      options.communication.value_or(static_cast<Communication>(random.Below(3)));
  problem.launch_on_arrival = random.Below(3) == 0;
  const bool alike = random.Below(4) == 0;  // identical devices
  for (int64_t d = 0; d < num_devices; ++d) {
    PlacementProblem::MachineDevice device;
    device.name = "d" + std::to_string(d);
    device.memory = options.memory ? random.Between(15, 60) : 1'000'000;
    device.part_cost = alike || random.Below(2) == 0 ? 2 : random.Between(0, 8);
    problem.devices.Add(device);
  }
  problem.num_channels = static_cast<size_t>(random.Between(1, 3));
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      static_cast<size_t>(num_devices),
      IdVector<DeviceId, std::optional<Route>>(static_cast<size_t>(num_devices)));
  for (const DeviceId from : problem.devices.ids()) {
    for (const DeviceId to : problem.devices.ids()) {
      if (from == to) {
        problem.routes[from][to] = Route{};
        continue;
      }
      if (options.groups && random.Below(8) == 0) continue;
      Route route;
      // One byte takes 1 to 3 ps.
      route.segments.push_back({random.Below(4), kPicosPerSecond / random.Between(1, 3)});
      if (alike) route.segments[0] = {1, kPicosPerSecond / 2};
      const int64_t channel = random.Below(static_cast<int64_t>(problem.num_channels));
      route.channels.push_back(ChannelId(static_cast<int32_t>(channel)));
      if (channel + 1 < static_cast<int64_t>(problem.num_channels) && random.Below(3) == 0) {
        route.channels.push_back(ChannelId(static_cast<int32_t>(channel + 1)));
      }
      problem.routes[from][to] = route;
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    PlacementProblem::Item item;
    item.name = "i" + std::to_string(i);
    item.time = IdVector<DeviceId, std::optional<Picos>>(static_cast<size_t>(num_devices));
    const Picos same = random.Between(0, options.max_time);
    for (const DeviceId d : problem.devices.ids()) {
      item.time[d] = alike ? same : random.Between(0, options.max_time);
    }
    if (options.groups && random.Below(4) == 0) {
      item.time[DeviceId(static_cast<int32_t>(random.Below(num_devices)))].reset();
      if (num_devices == 1) item.time[DeviceId(0)] = same;
    }
    if (options.memory) {
      item.memory = random.Between(0, 15);
      item.workspace = random.Below(6);
    }
    problem.items.Add(item);
  }
  for (int32_t u = 0; u < n; ++u) {
    PlacementProblem::Flow flow;
    flow.from = ItemId(u);
    flow.bytes = random.Below(5);
    for (int32_t v = u + 1; v < n; ++v) {
      if (random.Below(100) < options.edge_percent) flow.to.push_back(ItemId(v));
    }
    if (flow.to.empty() && random.Below(3) != 0) continue;
    if (flow.to.size() > 1 && random.Below(3) == 0) {
      PlacementProblem::Flow second = flow;
      second.to = {flow.to.back()};
      second.bytes = random.Below(5);
      flow.to.pop_back();
      problem.flows.Add(second);
    }
    if (random.Below(4) == 0) {
      flow.time = IdVector<DeviceId, IdVector<DeviceId, Picos>>(
          static_cast<size_t>(num_devices),
          IdVector<DeviceId, Picos>(static_cast<size_t>(num_devices), alike ? 3 : 0));
      for (auto& row : flow.time) {
        for (Picos& time : row) time = alike ? 3 : random.Below(9);
      }
    }
    problem.flows.Add(flow);
  }
  if (options.memory && n > 1 && random.Below(2) == 0) {
    problem.shared.push_back({random.Between(1, 10), {ItemId(0), ItemId(int32_t(n - 1))}});
  }
  if (options.groups && n > 1 && random.Below(2) == 0) {
    const auto a = static_cast<int32_t>(random.Below(n)), b = static_cast<int32_t>(random.Below(n));
    if (a != b) problem.together.push_back({ItemId(a), ItemId(b)});
  }
  if (!Check(problem).ok()) problem.together.clear();
  return problem;
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
