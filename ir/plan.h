// The decision, in the graph's terms: all that lowering reads. Filled stage by stage by the plan
// passes; a stage not reached is empty. A plan belongs to one compacted graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "ir/graph.h"
#include "ir/training.h"
#include "support/diagnostics.h"
#include "support/id.h"
#include "support/units.h"
#include "target/op_features.h"
#include "target/target.h"

namespace allot::ir {

using KernelId = Id<struct KernelTag>;    // nodes a runtime is expected to fuse into one kernel
using ClusterId = Id<struct ClusterTag>;  // kernels that are placed together
using ModuleId = Id<struct ModuleTag>;    // clusters that are solved together
using PartId = Id<struct PartTag>;        // clusters that run as one ONNX file on one device

enum class Objective { kLatency, kThroughput };
absl::string_view ObjectiveName(Objective objective);

struct Interval {
  Picos start = 0, end = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

struct Part {
  DeviceId device;
  Interval time;
  friend bool operator==(const Part&, const Part&) = default;
};

// One tensor on its way to one device.
struct Transfer {
  ValueId value;
  DeviceId from, to;
  Bytes bytes = 0;
  Interval time;
  friend bool operator==(const Transfer&, const Transfer&) = default;
};

// A further placement of the whole graph, formed into parts, that takes turns with the plan's own.
// Its clusters are on the devices of their parts.
struct Lane {
  int64_t share = 1;  // of the plan's cycle, how many inferences it serves
  std::vector<ClusterId> order;
  IdVector<ClusterId, PartId> part_of;
  IdVector<PartId, Part> parts;
  IdVector<NodeId, Interval> node_time;
  std::vector<Transfer> transfers;
  friend bool operator==(const Lane&, const Lane&) = default;
};

// Why a tensor goes from part to part: an end can run nowhere else; it does not fit; a rule wants
// it so; it is cheaper; one part would have to wait for itself (parts of one device only).
enum class CutCause { kSupport, kMemory, kPin, kObjective, kCycle };
absl::string_view CutCauseName(CutCause cause);

// One tensor on its way from the part that computes it to those parts of one device that read it;
// that device may be the same.
struct Cut {
  ValueId value;
  PartId from;
  std::vector<PartId> to;  // ascending; a single one if the device is the same
  Bytes bytes = 0;
  CutCause cause = CutCause::kObjective;
  std::string why;  // one line, with numbers
  friend bool operator==(const Cut&, const Cut&) = default;
};

// The next-best device of a cluster, and the objective with this one cluster there.
struct Alternative {
  DeviceId device;
  Picos value = 0;
  friend bool operator==(const Alternative&, const Alternative&) = default;
};

// What a baseline would have reached; nullopt: it found no feasible placement.
struct Baseline {
  std::string name;  // "single:gpu0", "greedy", "heft"
  std::optional<Picos> value;
  friend bool operator==(const Baseline&, const Baseline&) = default;
};

struct DeviceUse {
  Picos busy = 0;      // compute and launches of one inference; with lanes the mean over a cycle
  Bytes resident = 0;  // weights, of all lanes
  Bytes peak = 0;      // weights and live activations, of all lanes
  friend bool operator==(const DeviceUse&, const DeviceUse&) = default;
};

// How far the search had come when it had spent so much work.
struct SearchPoint {
  int64_t work = 0;  // of place and refine together
  Picos value = 0;   // of the best parts known by then
  Picos bound = 0;   // the best lower bound proven by then; 0: none
  friend bool operator==(const SearchPoint&, const SearchPoint&) = default;
};

struct Summary {
  Objective objective = Objective::kLatency;
  Picos value = 0;          // at part level: what the written files are predicted to do
  Picos cluster_value = 0;  // before parts are formed: without launches and waiting for parts
  Picos lower_bound = 0;    // proven; never above value
  std::string bound_name;   // "critical-path", "load", "interval-chain", "exact", ...
  std::string solver;       // what found the placement
  Bytes cut_bytes = 0;      // with lanes the mean over a cycle, rounded up
  Picos latency = 0;        // with lanes: one inference by itself, on the slowest of them; else 0
  // place: of a model that is a chain of blocks how many there are, and how many of them differ and
  // were costed, each once; else 0.
  int64_t blocks = 0, distinct_blocks = 0;
  std::vector<Baseline> baselines;
  // place, refine, schedule: by work; values fall, bounds rise. The same on any number of threads.
  std::vector<SearchPoint> search;
  IdVector<DeviceId, DeviceUse> devices;
  friend bool operator==(const Summary&, const Summary&) = default;
};

// With lanes, device_of to transfers are the first of them: the one with the largest share, which
// whoever knows nothing of lanes may run alone.
struct Plan {
  IdVector<NodeId, OpFeatures> features;  // estimate-cost
  IdVector<ValueId, Bytes> value_bytes;  // estimate-cost; with unbound dimensions at their defaults
  IdVector<NodeId, KernelId> kernel_of;  // coarsen; invalid for nodes that travel with their users
  IdVector<NodeId, ClusterId> cluster_of;   // coarsen; likewise
  IdVector<ClusterId, ModuleId> module_of;  // split-modularity
  IdVector<ClusterId, DeviceId> device_of;  // place
  std::vector<ClusterId> order;  // place: topological, each device runs its clusters in this order
  IdVector<ClusterId, PartId> part_of;   // form-parts
  IdVector<PartId, Part> parts;          // form-parts (device), schedule (time); in launch order
  IdVector<NodeId, Interval> node_time;  // schedule
  std::vector<Transfer> transfers;       // schedule; by start, then value, then device
  int64_t share = 1;                     // of a cycle, how many inferences the first lane serves
  std::vector<Lane> lanes;               // the further ones, by falling share
  IdVector<ClusterId, std::string> reasons;  // explain: why the cluster is on its device
  // explain: what a cluster costs elsewhere; nullopt: it can be nowhere else, or that was not
  // tried.
  IdVector<ClusterId, std::optional<Alternative>> alternatives;
  std::vector<Cut> cuts;             // explain: all of them, by value, then device of the readers
  std::optional<Summary> summary;    // schedule
  std::optional<Training> training;  // place-training: how it trains; else it is for inferences

  size_t num_clusters() const;
  size_t num_lanes() const { return lanes.size() + 1; }
  int64_t ShareOf(size_t lane) const { return lane == 0 ? share : lanes[lane - 1].share; }
  int64_t cycle() const;                 // the sum of the shares
  DeviceId DeviceOf(NodeId node) const;  // invalid if not placed or travelling with its users
  PartId PartOf(NodeId node) const;      // likewise

  friend bool operator==(const Plan&, const Plan&) = default;
};

// The plan that has this lane alone, for all that knows one placement: lane 0 is the first. Costs,
// clusters and summary are those of the whole plan; reasons, alternatives and cuts are of the first
// lane only. Copies what it keeps.
Plan LaneView(const Plan& plan, size_t lane);

// What a lane is to a reader: "a copy of the model on gpu1", "3 parts on gpu0 and cpu".
std::string DescribeLane(const Plan& plan, size_t lane, const Target& target);

// Recomputes from scratch, with no code shared with passes or solvers: every node is placed, or has
// no cluster and may travel (travel.h) with the placed ones that use it; parts hold one device, the
// quotient of parts is acyclic and `parts` is in topological order, only ranked tensors cross
// between parts; all of it for each lane. Reports all violations.
absl::Status VerifyPlan(const Graph& graph, const Target& target, const Plan& plan,
                        Diagnostics& diagnostics);

}  // namespace allot::ir
