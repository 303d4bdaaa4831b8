// The one objective function.
#pragma once

#include <vector>

#include "placement/problem.h"

namespace allot {

using Placement = IdVector<ItemId, DeviceId>;

// A placement and an order: a topological order of all items; each device runs its items in it.
struct Solution {
  Placement device_of;
  std::vector<ItemId> order;
  friend bool operator==(const Solution&, const Solution&) = default;
};

struct ScheduledTransfer {
  FlowId flow;
  DeviceId from, to;
  Picos start = 0, end = 0;
};

struct Schedule {
  IdVector<ItemId, Picos> start, end;
  std::vector<ScheduledTransfer> transfers;  // by start, flow, destination
};

struct Score {
  bool feasible = false;  // memory holds and every needed route exists
  Picos objective = 0;    // latency: the makespan; throughput: the largest load of a resource
  Picos makespan = 0;
  Bytes moved = 0;                 // bytes over all transfers
  IdVector<DeviceId, Picos> load;  // compute per device
  IdVector<ChannelId, Picos> channel_load;
  IdVector<DeviceId, Bytes> resident, peak;  // peak: resident and live tensors along the schedule
};

// The semi-active schedule of a solution, by event simulation. An item starts when the item before
// it on its device has ended and all its inputs are there. When it ends, the transfers of its flows
// are requested, in flow order, one per receiving device in device order; a transfer starts as soon
// as its channels are free and every earlier request for any of them has been served. O((n + t) log
// n) for t transfers. Requires every needed route to exist.
Schedule Simulate(const PlacementProblem& problem, const ProblemGraph& graph,
                  const Solution& solution);

// Score of a solution; objective is meaningful also when infeasible (unless a route is missing).
// An item is never charged for a device it cannot run on: that is infeasible as well.
Score Evaluate(const PlacementProblem& problem, const ProblemGraph& graph,
               const Solution& solution);

// Better(a, b): feasible first, then the smaller objective, then the smaller makespan, then fewer
// bytes moved.
bool Better(const Score& a, const Score& b);

}  // namespace allot
