#include "placement/bounds/path_bounds.h"

#include <algorithm>
#include <utility>

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

void RaiseEnds(const PathCosts& costs, ItemTimes& ends) {
  const auto num_devices = static_cast<size_t>(costs.num_devices);
  ItemTimes arrivals(static_cast<size_t>(costs.num_items), num_devices, 0);
  for (const ItemId id : costs.graph.topological) {
    const absl::Span<const Picos> time = costs.times.row(id), ready = arrivals.row(id);
    const absl::Span<Picos> end = ends.row(id);
    for (size_t d = 0; d < num_devices; ++d) {
      if (time[d] == kNotAllowed || ready[d] >= kNever) {
        end[d] = kNever;
        continue;
      }
      end[d] = std::max(end[d], std::max(ready[d], costs.first[d]) + time[d]);
    }
    for (const FlowId flow : costs.graph.outputs[id]) {
      for (int32_t to = 0; to < costs.num_devices; ++to) {
        Picos arrival = kNever;
        for (int32_t from = 0; from < costs.num_devices; ++from) {
          const Picos sent = end[static_cast<size_t>(from)];
          if (sent >= arrival) continue;
          arrival = std::min(arrival, sent + costs.Crossing(flow.index(), from, to));
        }
        for (int32_t consumer : costs.consumers[static_cast<size_t>(flow.index())]) {
          Picos& at = arrivals(ItemId(consumer), DeviceId(to));
          at = std::max(at, arrival);
        }
      }
    }
  }
}

PathBounds LongestPaths(const PathCosts& costs) {
  const ItemTimes none(static_cast<size_t>(costs.num_items), static_cast<size_t>(costs.num_devices),
                       0);
  PathBounds paths{none, none};
  RaiseEnds(costs, paths.head);
  for (auto it = costs.graph.topological.rbegin(); it != costs.graph.topological.rend(); ++it) {
    const absl::Span<Picos> tail = paths.tail.row(*it);
    for (const FlowId flow : costs.graph.outputs[*it]) {
      for (int32_t consumer : costs.consumers[static_cast<size_t>(flow.index())]) {
        const absl::Span<const Picos> times = costs.times.row(ItemId(consumer));
        const absl::Span<const Picos> next = std::as_const(paths.tail).row(ItemId(consumer));
        for (int32_t from = 0; from < costs.num_devices; ++from) {
          Picos rest = kNever;
          for (int32_t to = 0; to < costs.num_devices; ++to) {
            const Picos time = times[static_cast<size_t>(to)];
            const Picos after = next[static_cast<size_t>(to)];
            if (time == kNotAllowed || after >= rest) continue;
            const Picos crossing = costs.Crossing(flow.index(), from, to);
            if (crossing < kNever) rest = std::min(rest, crossing + time + after);
          }
          Picos& at = tail[static_cast<size_t>(from)];
          at = std::max(at, rest);
        }
      }
    }
  }
  return paths;
}

Picos CriticalPath(const PathCosts& costs, const PathBounds& paths) {
  Picos bound = 0;
  for (int32_t i = 0; i < costs.num_items; ++i) {
    const absl::Span<const Picos> head = paths.head.row(ItemId(i)),
                                  tail = paths.tail.row(ItemId(i));
    Picos best = kNever;
    for (size_t d = 0; d < head.size(); ++d) {
      if (head[d] >= best || tail[d] >= best) continue;
      best = std::min(best, head[d] + tail[d]);
    }
    bound = std::max(bound, best);
  }
  return bound;
}

}  // namespace allot
