#include "placement/bounds/path_bounds.h"

#include <algorithm>

#include "placement/problem/allowed_times.h"

namespace allot {

PathCosts::PathCosts(const ProblemFacts& facts, Launch launch)
    : graph(facts.graph()),
      table(facts.transfers()),
      num_items(static_cast<int32_t>(facts.problem().items.size())),
      num_devices(static_cast<int32_t>(facts.problem().devices.size())),
      times(facts.allowed_times()) {
  const PlacementProblem& problem = facts.problem();
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    const bool parts = launch == Launch::kPerGroup;
    arrival.push_back(parts || problem.launch_on_arrival ? device.part_cost : 0);
    again.push_back(parts ? device.part_cost : 0);
    first.push_back(parts ? device.part_cost : 0);
  }
  for (const PlacementProblem::Flow& flow : problem.flows) {
    producer.push_back(flow.from.index());
    std::vector<int32_t>& to = consumers.emplace_back();
    for (const ItemId item : flow.to) to.push_back(item.index());
  }
}

PathCosts::PathCosts(const PathCosts& forward, const ProblemGraph& reversed)
    : graph(reversed),
      table(forward.table),
      num_items(forward.num_items),
      num_devices(forward.num_devices),
      times(forward.times),
      arrival(forward.arrival),
      again(forward.again),
      first(static_cast<size_t>(forward.num_devices), 0) {
  for (size_t flow = 0; flow < forward.consumers.size(); ++flow) {
    for (const int32_t consumer : forward.consumers[flow]) {
      producer.push_back(consumer);
      consumers.push_back({forward.producer[flow]});
      flow_of.push_back(static_cast<int32_t>(flow));
    }
  }
}

ProblemGraph ReversedGraph(const PathCosts& forward) {
  const auto n = static_cast<size_t>(forward.num_items);
  ProblemGraph graph;
  graph.inputs.resize(n);
  graph.outputs.resize(n);
  graph.predecessors = forward.graph.successors;
  graph.successors = forward.graph.predecessors;
  graph.topological.assign(forward.graph.topological.rbegin(), forward.graph.topological.rend());
  int32_t next = 0;
  for (size_t flow = 0; flow < forward.consumers.size(); ++flow) {
    for (const int32_t consumer : forward.consumers[flow]) {
      graph.outputs[ItemId(consumer)].push_back(FlowId(next));
      graph.inputs[ItemId(forward.producer[flow])].push_back(FlowId(next++));
    }
  }
  return graph;
}

void RaiseEnds(const PathCosts& costs, std::vector<Picos>& ends) {
  const size_t num_devices = static_cast<size_t>(costs.num_devices);
  std::vector<Picos> arrivals(ends.size(), 0);
  for (const ItemId id : costs.graph.topological) {
    const size_t row = static_cast<size_t>(id.index()) * num_devices;
    for (int32_t d = 0; d < costs.num_devices; ++d) {
      const size_t cell = row + static_cast<size_t>(d);
      const Picos time = costs.Time(id.index(), d);
      if (time == kNotAllowed || arrivals[cell] >= kNever) {
        ends[cell] = kNever;
        continue;
      }
      const Picos start = std::max(arrivals[cell], costs.first[static_cast<size_t>(d)]);
      ends[cell] = std::max(ends[cell], start + time);
    }
    for (const FlowId flow : costs.graph.outputs[id]) {
      for (int32_t to = 0; to < costs.num_devices; ++to) {
        Picos arrival = kNever;
        for (int32_t from = 0; from < costs.num_devices; ++from) {
          const Picos end = ends[row + static_cast<size_t>(from)];
          if (end >= arrival) continue;
          arrival = std::min(arrival, end + costs.Crossing(flow.index(), from, to));
        }
        for (int32_t consumer : costs.consumers[static_cast<size_t>(flow.index())]) {
          Picos& at =
              arrivals[static_cast<size_t>(consumer) * num_devices + static_cast<size_t>(to)];
          at = std::max(at, arrival);
        }
      }
    }
  }
}

PathBounds LongestPaths(const PathCosts& costs) {
  const size_t num_devices = static_cast<size_t>(costs.num_devices);
  const size_t size = static_cast<size_t>(costs.num_items) * num_devices;
  PathBounds paths{std::vector<Picos>(size, 0), std::vector<Picos>(size, 0)};
  std::vector<Picos>& tail = paths.tail;
  RaiseEnds(costs, paths.head);
  for (auto it = costs.graph.topological.rbegin(); it != costs.graph.topological.rend(); ++it) {
    const size_t row = static_cast<size_t>(it->index()) * num_devices;
    for (const FlowId flow : costs.graph.outputs[*it]) {
      for (int32_t consumer : costs.consumers[static_cast<size_t>(flow.index())]) {
        const size_t next = static_cast<size_t>(consumer) * num_devices;
        for (int32_t from = 0; from < costs.num_devices; ++from) {
          Picos rest = kNever;
          for (int32_t to = 0; to < costs.num_devices; ++to) {
            const Picos time = costs.Time(consumer, to);
            const Picos after = tail[next + static_cast<size_t>(to)];
            if (time == kNotAllowed || after >= rest) continue;
            const Picos crossing = costs.Crossing(flow.index(), from, to);
            if (crossing < kNever) rest = std::min(rest, crossing + time + after);
          }
          Picos& at = tail[row + static_cast<size_t>(from)];
          at = std::max(at, rest);
        }
      }
    }
  }
  return paths;
}

Picos CriticalPath(const PathCosts& costs, const PathBounds& paths) {
  Picos bound = 0;
  for (size_t i = 0; i < static_cast<size_t>(costs.num_items); ++i) {
    Picos best = kNever;
    for (size_t d = 0; d < static_cast<size_t>(costs.num_devices); ++d) {
      const size_t at = i * static_cast<size_t>(costs.num_devices) + d;
      if (paths.head[at] >= best || paths.tail[at] >= best) continue;
      best = std::min(best, paths.head[at] + paths.tail[at]);
    }
    bound = std::max(bound, best);
  }
  return bound;
}

}  // namespace allot
