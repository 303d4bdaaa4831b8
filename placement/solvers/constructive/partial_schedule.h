// A schedule that grows by one item at a time: what every list scheduler decides on.
#pragma once

#include <tuple>
#include <utility>
#include <vector>

#include "placement/solvers/constructive/list_schedule.h"
#include "placement/value/evaluator.h"
#include "support/id_table.h"

namespace allot {

// Items are committed to devices one by one, each after its predecessors. Transfers are paid once
// per receiving device and queue on their channels in the order of commitment, which is an estimate
// of Simulate(). For throughput a channel counts its load instead. Keeps references to the problem,
// the graph and the evaluator.
class PartialSchedule {
 public:
  PartialSchedule(const PlacementProblem& problem, const ProblemGraph& graph,
                  const Evaluator& evaluator, const std::vector<Bytes>& capacity, Gaps gaps);

  // What committing an item to a device would mean.
  struct Spot {
    // How bad it is that the device cannot run it, has no route to it or no memory for it.
    int obstacles = 0;
    Bytes lacking = 0;
    Picos start = 0, end = 0;
    Picos own_load = 0;      // of the device
    Picos largest_load = 0;  // of the device and, for throughput, of the channels in use
  };
  // All predecessors of `item` must be committed. O(inputs * channels), and the search for a gap.
  Spot Try(int32_t item, int32_t device);
  void Commit(int32_t item, int32_t device, const Spot& spot);

  // Commits `item` to the device with the fewest obstacles and then the least cost(device, spot),
  // any ordered type; ties go to the first device. Where its group has chosen there is no choice.
  // Returns the device.
  template <typename Cost>
  int32_t Place(int32_t item, Cost cost) {
    Spot best;
    int32_t best_device = -1;
    for (int32_t d = 0; d < num_devices_; ++d) {
      if (device_[item] >= 0 && device_[item] != d) continue;
      const Spot spot = Try(item, d);
      if (best_device >= 0 &&
          std::make_tuple(best.obstacles, best.lacking, cost(best_device, best)) <=
              std::make_tuple(spot.obstacles, spot.lacking, cost(d, spot))) {
        continue;
      }
      best = spot;
      best_device = d;
    }
    Commit(item, best_device, best);
    return best_device;
  }
  // The cost that HEFT minimises: the end, and the load that it adds; for throughput the largest
  // load that it touches, and that of the device.
  std::pair<Picos, Picos> Finish(const Spot& spot) const {
    return latency_ ? std::pair(spot.end, spot.end - spot.start)
                    : std::pair(spot.largest_load, spot.own_load);
  }

  // -1: neither it nor one of its group is committed.
  int32_t device(int32_t item) const { return device_[item]; }
  Picos end(int32_t item) const { return end_[item]; }  // of a committed item
  // When the last item of a device ends.
  Picos free(int32_t device) const {
    return busy_[device].empty() ? 0 : busy_[device].back().second;
  }
  const MemoryLedger& ledger() const { return ledger_; }

  // Once all items are committed: their devices, and they in the order of their starts.
  Solution Take() const;

 private:
  Picos Receive(int32_t item, int32_t device, bool keep, bool& routed);
  Picos FindStart(int32_t device, Picos ready, Picos time) const;

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const Evaluator& evaluator_;
  const TransferTable& table_;
  const int32_t num_devices_;
  const bool latency_;
  const Gaps gaps_;
  MemoryLedger ledger_;
  std::vector<int32_t> device_;  // by item; -1: not yet
  std::vector<Picos> start_, end_;
  IdTable<FlowId, int32_t, Picos> there_;  // [flow][device]: when the flow is there; -1: not sent
  std::vector<Picos> channel_;             // free from here on; for throughput the load
  std::vector<Picos> load_;                // by device
  std::vector<std::vector<std::pair<Picos, Picos>>> busy_;  // by device, ascending
  std::vector<std::pair<Picos*, Picos>> saved_;             // what an attempt has changed
  Picos touched_ = 0;
};

}  // namespace allot
