// A topological order of the items and what it costs to cut it: what an expert does who draws lines
// through a model, layer range by layer range.
//
// A chain is a device for each position of the order; each longest stretch of one device is a part.
// Parts along an order are acyclic. What crosses a cut is charged as if it were sent from the
// device before the cut to the one behind it, also where it jumps over a part, and shared memory is
// left out; so costs here only suggest chains, which EvaluateParts() then judges.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/parts/parts.h"
#include "support/id_cube.h"
#include "support/id_table.h"

namespace allot {

class OrderedCuts {
 public:
  // Keeps references; `order` is topological. O(items * (devices + flows that cross) * devices).
  OrderedCuts(const PlacementProblem& problem, const ProblemGraph& graph,
              std::vector<ItemId> order);

  size_t size() const { return order_.size(); }
  // Whether parts may end before position i: nothing that must share a device lies on both sides,
  // and everything that crosses can be sent.
  bool MayCut(size_t i, DeviceId from, DeviceId to) const { return transfer_(i, from, to) >= 0; }
  // Of all tensors that cross before position i. Between 1 and size() - 1.
  Picos Transfer(size_t i, DeviceId from, DeviceId to) const { return transfer_(i, from, to); }
  // Of items at positions [begin, end) without a launch; nullopt where one cannot run.
  std::optional<Picos> Time(size_t begin, size_t end, DeviceId device) const;
  Bytes Memory(size_t begin, size_t end) const { return memory_[end] - memory_[begin]; }

  // The chain of at most `max_parts` parts with the least sum of weight[device] * (launch and
  // times) over parts and of weight[channels] * transfer over cuts, by Viterbi's algorithm. Where
  // transfers occupy the devices themselves, the mean of the weights of both ends counts instead.
  // `weight`: by device, then by channel; none: the chain whose parts and transfers, one after the
  // other, end first. Only devices in `use`; empty if these cannot run all. Beyond kManyParts any
  // number is allowed. O(items * devices^2 * max_parts).
  static constexpr size_t kManyParts = 16;
  std::vector<DeviceId> CheapestChain(const std::vector<int64_t>& weight,
                                      const IdVector<DeviceId, bool>& use, size_t max_parts) const;
  // The chain with at most one part per device whose largest load of a device or transfer of a cut
  // is least, over all sets and orders of `use`d devices; equal devices (`like`, by device the
  // smallest that it can be exchanged with) are tried in one order only. Dynamic programming over
  // sets of devices: O(sets * devices^2 * items^2), where sets are at most `max_sets`; beyond that
  // devices are left out, those that take longest for everything first.
  static constexpr int64_t kMostDeviceSets = 128;
  std::vector<DeviceId> BalancedChain(const std::vector<int32_t>& like,
                                      const IdVector<DeviceId, bool>& use, int64_t max_sets) const;

  // The chain as parts; `chain` by position.
  PartedSolution Parts(const std::vector<DeviceId>& chain) const;

 private:
  template <typename Id>
  static size_t Index(Id id) {
    return static_cast<size_t>(id.index());
  }
  // Of flows that take as long as this one; by cut, how many of them cross it.
  void AddTransfers(FlowId flow, const std::vector<int32_t>& crossing);
  IdTable<DeviceId, DeviceId, Int128> TransferPrices(const std::vector<int64_t>& weight) const;
  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  std::vector<ItemId> order_;
  size_t num_devices_;
  IdTable<DeviceId, size_t, Picos> time_;      // by end of prefix
  IdTable<DeviceId, size_t, int32_t> cannot_;  // by end of prefix: items that cannot run there
  std::vector<Bytes> memory_;                  // by end of prefix
  IdCube<size_t, DeviceId, DeviceId, Picos> transfer_;  // [cut][from][to], -1: not possible
};

// Orders worth cutting: as the items are numbered, depth first, by depth. Distinct ones.
std::vector<std::vector<ItemId>> OrdersToCut(const PlacementProblem& problem,
                                             const ProblemGraph& graph);

// The best chain over these orders for the problem's objective; nullopt if none is feasible. Always
// at least as good as the best single device.
std::optional<PartedSolution> BestRanges(const PlacementProblem& problem,
                                         const ProblemGraph& graph);

}  // namespace allot
