// What is to be placed, as numbers: shared by all kinds of problems.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "placement/problem/machine.h"
#include "support/id.h"
#include "support/units.h"

namespace allot {

using ItemId = Id<struct ItemTag>;
using FlowId = Id<struct FlowTag>;

struct Workload {
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
  IdVector<ItemId, Item> items;
  IdVector<FlowId, Flow> flows;  // acyclic
  std::vector<SharedMemory> shared;
  std::vector<std::vector<ItemId>> together;  // must share a device
};

// Ids in range, times and bytes non-negative and small enough for every sum of them (all times
// together at most 26 days), flows acyclic, every item runnable somewhere, groups in agreement. One
// error that names the item. O(n log n + flows * kinds of route).
absl::Status CheckWorkload(const Workload& workload, const Machine& machine);

// Adjacency, built once per problem.
struct ProblemGraph {
  IdVector<ItemId, std::vector<FlowId>> inputs, outputs;           // ascending
  IdVector<ItemId, std::vector<ItemId>> predecessors, successors;  // ascending, distinct
  std::vector<ItemId> topological;  // smallest id first among the ready
};
ProblemGraph BuildGraph(const Workload& workload);

// The sets of items that must share a device: `together` with overlapping groups joined. Each set
// has two or more items, ascending; sets ascend by their first item.
std::vector<std::vector<ItemId>> JoinedGroups(const Workload& workload);

}  // namespace allot
