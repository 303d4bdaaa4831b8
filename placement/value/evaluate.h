// The one objective function.
#pragma once

#include <vector>

#include "placement/problem/problem.h"

namespace allot {

class ProblemFacts;

using Placement = IdVector<ItemId, DeviceId>;

// A placement and an order: a topological order of all items; each device runs its items in it.
struct Solution {
  Placement device_of;
  std::vector<ItemId> order;
  // kCalls: by item, which call of its device runs it; the calls of a device run as numbered, from
  // 0 to below calls_per_device. Without meaning on pools. Empty: every device makes one call.
  IdVector<ItemId, int32_t> call_of = {};
  friend bool operator==(const Solution&, const Solution&) = default;
};

// Of a staged flow: a store has to == from; a load leads from its producer's device to the one that
// reads. Under kCalls transfers are parts of the calls and not listed.
struct ScheduledTransfer {
  FlowId flow;
  DeviceId from, to;
  Picos start = 0, end = 0;
};

struct Schedule {
  IdVector<ItemId, Picos> start, end;
  std::vector<ScheduledTransfer> transfers;  // by start, flow, stores first, destination
};

struct Score {
  // The peak of every device fits its memory, every item can run where it is, groups are together,
  // every needed route exists, and what has to be contiguous is.
  bool feasible = false;
  Picos objective = 0;  // latency: the makespan; throughput: the largest load of a resource
  Picos makespan = 0;
  Bytes moved = 0;  // bytes over all transfers
  // What occupies a device: compute, under kBlocking its transfers, and under launch_on_arrival its
  // part_cost once if it holds anything.
  IdVector<DeviceId, Picos> load;
  IdVector<ChannelId, Picos> channel_load;
  IdVector<DeviceId, Bytes> resident, peak;  // peak: resident and live tensors along the schedule
};

// The semi-active schedule of a solution, by event simulation. An item starts when the item before
// it on its device has ended and all its inputs are there. When it ends, the transfers of its flows
// are requested, in flow order, one per receiving device in device order; a transfer starts as soon
// as its channels are free and every earlier request for any of them has been served. Items that
// end at the same instant make their requests in the order of their first flows with consumers, so
// the schedule depends on the placement and the sequence of each device alone.
//
// kBlocking: a transfer also requests both devices, and an item its own device at the instant when
// the item before it has ended and its inputs are there. All requests are served first come, first
// served, each as soon as everything it asks for is free at once; nothing overtakes, even where a
// later request would fit into a gap. Of requests at one instant those of transfers go first, so a
// device sends what it has made before it goes on.
//
// A staged flow requests its store and then its loads, all when its producer ends; a load starts
// when the store has ended and, under kBlocking, every earlier request for its receiver has been
// served.
//
// kCalls: the schedule of the calls (call_evaluator.h); `order` does not matter.
//
// launch_on_arrival: a consumer on another device waits the receiver's part_cost after the end of
// the transfer.
//
// O(n * devices + t * channels per route) for n items and t transfers. Requires `order` to be
// topological and every needed route to exist.
Schedule Simulate(const ProblemFacts& facts, const Solution& solution);
Schedule Simulate(const PlacementProblem& problem, const ProblemGraph& graph,
                  const Solution& solution);

// Score of a solution; objective is meaningful also when infeasible (unless a route is missing).
// An item is never charged for a device it cannot run on: that is infeasible as well.
Score Evaluate(const ProblemFacts& facts, const Solution& solution);
Score Evaluate(const PlacementProblem& problem, const ProblemGraph& graph,
               const Solution& solution);

// Better(a, b): feasible first, then the smaller objective, then the smaller makespan, then fewer
// bytes moved.
bool Better(const Score& a, const Score& b);

}  // namespace allot
