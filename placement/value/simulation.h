// The event simulation on flat arrays: what Simulate(), Evaluate(), Evaluator and the part-level
// search all run. Nothing here allocates once its buffers have grown.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/types/span.h"

#include "placement/problem/pair_channels.h"
#include "placement/value/evaluate.h"
#include "support/id_cube.h"

namespace allot {

// Transfer times and channels by plain index, from the problem's flows and routes.
class TransferTable {
 public:
  // Between parts nothing waits for a launch on arrival: each part pays for itself.
  explicit TransferTable(const PlacementProblem& problem, Launch launch = Launch::kIgnore);

  static constexpr Picos kNoRoute = -1;
  // Zero when from == to, kNoRoute without a route. Of a staged flow, its store and its load.
  Picos Time(int32_t flow, int32_t from, int32_t to) const {
    if (from == to) return 0;
    const FlowId id(flow);
    return tabulated_ ? times_(id, DeviceId(from), DeviceId(to)) : Compute(id, from, to);
  }
  bool Staged(int32_t flow) const { return any_staged_ && staged_[flow]; }
  // Between a device and host memory; only of staged flows.
  Picos Staging(int32_t flow, int32_t device) const {
    return problem_->flows[FlowId(flow)].staging[DeviceId(device)];
  }
  absl::Span<const int32_t> Channels(int32_t from, int32_t to) const {
    return channels_.Of(DeviceId(from), DeviceId(to));
  }
  // What a receiver waits after a transfer's end: its part_cost under launch_on_arrival, else zero.
  Picos ArrivalDelay(int32_t device) const { return arrival_delay_[device]; }

  int32_t num_devices() const { return static_cast<int32_t>(num_devices_); }
  int32_t num_channels() const { return num_channels_; }
  Communication communication() const { return communication_; }

 private:
  Picos Compute(FlowId flow, int32_t from, int32_t to) const;

  const PlacementProblem* problem_;
  size_t num_devices_;
  int32_t num_channels_;
  Communication communication_;
  bool tabulated_;
  bool any_staged_ = false;
  std::vector<char> staged_;                         // by flow, if any is
  IdCube<FlowId, DeviceId, DeviceId, Picos> times_;  // [flow][from][to], if tabulated
  PairChannels channels_;
  std::vector<Picos> arrival_delay_;
};

// Nodes and the flows between them, in compressed rows. A slot is one output flow of one node; the
// slots of a node are contiguous and ascend by flow.
struct FlatGraph {
  std::vector<int32_t> slot_begin;      // by node, and one past the last
  std::vector<int32_t> slot_flow;       // by slot: index into the problem's flows
  std::vector<int32_t> consumer_begin;  // by slot, and one past the last
  std::vector<int32_t> consumers;       // nodes
  std::vector<int32_t> num_inputs;      // by node: how often it stands in `consumers`
  // By node: its first flow with consumers, or -1. Of nodes that end at once the smaller goes
  // first. Not by node, so that numbering parts otherwise does not change what they are worth.
  std::vector<int32_t> first_flow;

  int32_t num_nodes() const { return static_cast<int32_t>(num_inputs.size()); }
};

FlatGraph BuildFlatGraph(const PlacementProblem& problem, const ProblemGraph& graph);

// to == from: the store of a staged flow.
struct FlatTransfer {
  int32_t slot, flow, from, to;
  Picos start, end;
};

// The semi-active schedule; the rules stand in evaluate.h.
class Simulation {
 public:
  // Node v runs for duration[v] on device[v]; each device runs its nodes as they stand in `order`,
  // which must be topological. Missing routes count as zero time. Returns the makespan.
  // `transfers`, if given, is overwritten with all transfers as they were requested.
  Picos Run(const FlatGraph& graph, const TransferTable& table, const int32_t* device,
            const Picos* duration, const int32_t* order, std::vector<FlatTransfer>* transfers);

  const std::vector<Picos>& start() const { return start_; }
  const std::vector<Picos>& end() const { return end_; }

 private:
  struct Pending {  // the next event of a device
    Picos time = std::numeric_limits<Picos>::max();
    int32_t node = -1;   // -1: none, later than any
    bool ready = false;  // blocking only: `node` asks for its device; else it ends
  };

  Picos RunDelay(const int32_t* order);
  Picos RunEvents(const int32_t* order);
  void Prepare(const int32_t* order);
  void TryStart(int32_t device);
  void Finish(int32_t node, Picos now);
  void Arrive(int32_t consumer, int32_t from, int32_t to, Picos arrival);
  Picos Request(int32_t flow, int32_t from, int32_t to, Picos now, int32_t slot);
  Picos Stage(int32_t flow, int32_t from, int32_t to, Picos now, int32_t slot);
  template <typename Visit>
  void ForEachReceiver(int32_t slot, int32_t from, Visit visit);

  const FlatGraph* graph_ = nullptr;
  const TransferTable* table_ = nullptr;
  const int32_t* device_ = nullptr;
  const Picos* duration_ = nullptr;
  std::vector<FlatTransfer>* transfers_ = nullptr;
  bool blocking_ = false;

  std::vector<Picos> start_, end_, arrived_;  // by node
  std::vector<int32_t> missing_;              // by node: inputs whose arrival is not known yet
  std::vector<Picos> device_free_, channel_free_;
  std::vector<Picos> arrival_;        // by device, of the flow in hand
  std::vector<uint64_t> receivers_;   // a bit per device, of the flow in hand
  std::vector<int32_t> sequence_;     // nodes by device, then by order
  std::vector<int32_t> next_, last_;  // by device: the rest of its sequence
  std::vector<Picos> end_of_last_;    // by device
  std::vector<char> busy_;            // by device: a node of it has started or asked to
  std::vector<Pending> pending_;      // by device
};

// What each device and channel is occupied with by all nodes and by the transfers that the
// communication model charges to it. Missing routes count as zero time.
class ResourceLoads {
 public:
  void Run(const FlatGraph& graph, const TransferTable& table, const int32_t* device,
           const Picos* duration);

  std::vector<Picos>& device() { return device_; }
  const std::vector<Picos>& device() const { return device_; }
  const std::vector<Picos>& channel() const { return channel_; }
  // The largest load, and the sum of all.
  Picos Largest() const;
  Picos Total() const;
  // The sum over all of unit / 8 * (load / unit)^8, in which a load well below the largest hardly
  // counts, and one that comes near does before it is the largest. Loads beyond 3/2 `unit` count as
  // that.
  Picos Eighths(Picos unit) const;

 private:
  std::vector<Picos> device_, channel_;
  std::vector<int32_t> stamp_;  // by device: the slot that has been charged for it
};

}  // namespace allot
