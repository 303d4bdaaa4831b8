// Longest paths that charge for changing devices: from every source to an item on a device, and
// from there to the end.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "placement/problem/allowed_times.h"
#include "placement/problem/problem.h"
#include "placement/value/problem_facts.h"

namespace allot {

// What bounds charge, by plain index; keeps references to the problem and its graph.
struct PathCosts {
  PathCosts(const ProblemFacts& facts, Launch launch);
  PathCosts(const PlacementProblem& problem, const ProblemGraph& problem_graph, Launch launch)
      : PathCosts(ProblemFacts(problem, problem_graph), launch) {}
  // Time running backwards, over ReversedGraph(forward): each end of a flow is a flow of its own,
  // and nothing precedes what was last.
  PathCosts(const PathCosts& forward, const ProblemGraph& reversed);

  Picos Time(int32_t item, int32_t device) const { return times(ItemId(item), DeviceId(device)); }
  // What lies between the end of a producer and the start of a consumer on another device.
  Picos Crossing(int32_t flow, int32_t from, int32_t to) const {
    if (from == to) return 0;
    if (!flow_of.empty()) {
      flow = flow_of[static_cast<size_t>(flow)];
      std::swap(from, to);
    }
    const Picos time = table->Time(flow, from, to);
    return time == TransferTable::kNoRoute ? kNever : time + arrival[static_cast<size_t>(to)];
  }

  // Whether what follows in another part of the same device waits for a launch.
  bool LaunchesParts() const {
    return std::any_of(again.begin(), again.end(), [](Picos launch) { return launch > 0; });
  }

  const ProblemGraph& graph;
  std::shared_ptr<const TransferTable> table;
  int32_t num_items, num_devices;
  ItemTimes times;  // AllowedTimes
  // What a device waits for before it runs something that comes from elsewhere (the launch of a
  // part), before it runs what comes from another part of its own, and before its first item.
  std::vector<Picos> arrival, again, first;
  std::vector<int32_t> producer;                // by flow
  std::vector<std::vector<int32_t>> consumers;  // by flow
  std::vector<int32_t> flow_of;                 // reversed: by flow, that of the table
};
ProblemGraph ReversedGraph(const PathCosts& forward);

// By [item][device]; kNever where the item cannot be. O(flows * devices^2).
// head: no schedule ends the item on that device earlier. tail: no schedule ends less than this
// after the item has ended there.
struct PathBounds {
  ItemTimes head, tail;
};
PathBounds LongestPaths(const PathCosts& costs);

// Raises known ends to what the longest paths make of them.
void RaiseEnds(const PathCosts& costs, ItemTimes& ends);

// The latency that the paths prove; kNever if some item can be nowhere.
Picos CriticalPath(const PathCosts& costs, const PathBounds& paths);

}  // namespace allot
