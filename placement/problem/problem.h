// The placement problem as numbers: what to place, on what, at what cost. Knows no IR; what an item
// stands for is the caller's business. See docs/placement.md for the mathematics.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "placement/problem/machine.h"
#include "placement/problem/workload.h"
#include "support/id_table.h"

namespace allot {

enum class PlacementObjective { kLatency, kThroughput };

// Which resources a transfer occupies while it lasts.
enum class Communication {
  kDelay,     // none: only the consumer waits
  kLink,      // the channels of its route, first come first served
  kBlocking,  // those, and both devices
};

// How a device runs what is placed on it.
enum class Execution {
  kItems,  // one by one, each as soon as it can
  kCalls,  // in calls: sets of items that run as one, with their transfers; see call_evaluator.h
};

// Something that takes, begins or ends at a time: an item on a device.
using ItemTimes = IdTable<ItemId, DeviceId, Picos>;

// What is asked of a placement.
struct PlacementQuestion {
  PlacementObjective objective = PlacementObjective::kLatency;
  Communication communication = Communication::kLink;
  Execution execution = Execution::kItems;
  int32_t calls_per_device = 1;  // kCalls: at most
  // The devices can be ordered so that nothing forward leads to an earlier one (contiguity.h).
  bool contiguous = false;
  // Item-level stand-in for launches, for solvers that do not form parts: a tensor that comes from
  // another device reaches its consumers part_cost of the receiver later (latency), and a device
  // that holds any item carries part_cost once (throughput). Contract(..., kPerGroup) clears it.
  bool launch_on_arrival = false;
};

struct PlacementProblem : Machine, Workload, PlacementQuestion {
  // nullopt: no route. Zero when from == to. Of a staged flow, its store and its load.
  std::optional<Picos> TransferTime(FlowId flow, DeviceId from, DeviceId to) const;
  // The channels that a transfer from -> to holds; empty under kDelay or when from == to.
  const std::vector<ChannelId>& Channels(DeviceId from, DeviceId to) const;
};

// What solvers may assume: ids in range, times and bytes non-negative and small enough for every
// sum of them (all times together at most 26 days), flows acyclic, every item runnable somewhere,
// groups in agreement, calls only for latency over staged flows, pools only for calls. `routes` may
// be empty: then only measured times lead between devices. One error that names the item. O(n log n
// + flows * kinds of route).
absl::Status Check(const PlacementProblem& problem);

// The problem whose items are groups of items (dense group ids; the quotient must be acyclic).
// Times add up (absent if any is), memory adds, flows inside a group vanish. `launch` adds each
// device's part_cost to every time and clears it: the groups are parts then. The workspace of a
// group is the peak of its items' workspaces and of the flows inside it, along the
// smallest-id-first topological order; a flow that leaves the group counts as its output, not here.
// Flows keep their order. A group is backward if all its items are. Linear.
enum class Launch { kIgnore, kPerGroup };
PlacementProblem Contract(const PlacementProblem& problem, const IdVector<ItemId, ItemId>& group_of,
                          size_t num_groups, Launch launch);

}  // namespace allot
