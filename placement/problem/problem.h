// The placement problem as numbers: what to place, on what, at what cost. Knows no IR; what an item
// stands for is the caller's business. See docs/placement.md for the mathematics.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "support/id.h"
#include "support/units.h"
#include "target/target.h"

namespace allot {

using ItemId = Id<struct ItemTag>;
using FlowId = Id<struct FlowTag>;

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

struct PlacementProblem {
  struct Item {
    std::string name;
    Bytes memory = 0;                               // resident on its device (weights)
    Bytes workspace = 0;                            // tensors inside it, live only while it runs
    IdVector<DeviceId, std::optional<Picos>> time;  // nullopt: cannot run there
    bool backward = false;  // of the backward pass of a training graph; see contiguity.h
  };
  // One tensor: one producer, distinct consumers in ascending order, none of them the producer.
  // Paid once per receiving device.
  struct Flow {
    ItemId from;
    std::vector<ItemId> to;
    Bytes bytes = 0;
    // Measured times by [from device][to device]; empty: from the routes.
    IdVector<DeviceId, IdVector<DeviceId, Picos>> time;
    // By device, the time between it and host memory; empty: transfers are direct. A staged flow
    // goes through host memory: its producer's device stores it once, if anyone else reads it, and
    // every receiving device loads it once. Under kBlocking a store occupies its sender and a load
    // its receiver; neither holds a channel.
    IdVector<DeviceId, Picos> staging = {};
  };
  // Bytes that are resident once on every device that holds any of `items` (shared weights).
  struct SharedMemory {
    Bytes bytes = 0;
    std::vector<ItemId> items;
  };
  struct MachineDevice {
    std::string name;
    Bytes memory = 0;
    Picos part_cost = 0;  // paid by every part
    // kCalls only: runs any number of items at once, each by itself as soon as its inputs are
    // there, next to host memory (stores and loads take no time).
    bool pool = false;
    // At most so many parts, 0: any number. Counts where parts are formed (parts.h); solvers of
    // items ignore it.
    int64_t max_parts = 0;
  };

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
  IdVector<DeviceId, MachineDevice> devices;
  size_t num_channels = 0;
  IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>> routes;
  IdVector<ItemId, Item> items;
  IdVector<FlowId, Flow> flows;  // acyclic
  std::vector<SharedMemory> shared;
  std::vector<std::vector<ItemId>> together;  // must share a device

  // nullopt: no route. Zero when from == to. Of a staged flow, its store and its load.
  std::optional<Picos> TransferTime(FlowId flow, DeviceId from, DeviceId to) const;
  // The channels that a transfer from -> to holds; empty under kDelay or when from == to.
  const std::vector<ChannelId>& Channels(DeviceId from, DeviceId to) const;
};

// Adjacency, built once per problem.
struct ProblemGraph {
  IdVector<ItemId, std::vector<FlowId>> inputs, outputs;           // ascending
  IdVector<ItemId, std::vector<ItemId>> predecessors, successors;  // ascending, distinct
  std::vector<ItemId> topological;  // smallest id first among the ready
};
ProblemGraph BuildGraph(const PlacementProblem& problem);

// The sets of items that must share a device: `together` with overlapping groups joined. Each set
// has two or more items, ascending; sets ascend by their first item.
std::vector<std::vector<ItemId>> JoinedGroups(const PlacementProblem& problem);

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
