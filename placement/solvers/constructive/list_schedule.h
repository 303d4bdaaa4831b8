// Building a solution item by item: the start of every search.
#pragma once

#include <functional>
#include <limits>
#include <vector>

#include "placement/solver.h"
#include "placement/value/evaluator.h"

namespace allot {

// What an item weighs when its upward rank is taken: its time on the devices that can run it.
enum class RankBy { kMean, kBest, kWorst };
Picos ItemWeight(const PlacementProblem::Item& item, RankBy by);
// By flow, the mean over all pairs of devices, those without a transfer included: what a flow costs
// an item whose device is not known yet.
std::vector<Picos> MeanTransfers(const PlacementProblem& problem, const TransferTable& table);

// Upward ranks: an item's weight plus the longest path behind it, with the mean time of transfers.
std::vector<Picos> UpwardRanks(const PlacementProblem& problem, const ProblemGraph& graph,
                               const TransferTable& table, RankBy by);
// The same for a given placement: exact times, and transfers only where devices change.
std::vector<Picos> PlacedRanks(const PlacementProblem& problem, const ProblemGraph& graph,
                               const Evaluator& evaluator, const std::vector<int32_t>& device);

// Items by descending rank; topological, since ranks fall along flows and ties keep graph order.
std::vector<ItemId> RankOrder(const ProblemGraph& graph, const std::vector<Picos>& ranks);
// Items by start time, ties in graph order.
std::vector<ItemId> StartOrder(const ProblemGraph& graph, const std::vector<Picos>& start);

// Keeps account of memory while items are placed one by one. Items that must share a device are
// placed together with the first of them.
class MemoryLedger {
 public:
  // `groups` as the evaluator has them. `capacity` by device; what a caller keeps back for tensors
  // is its business.
  MemoryLedger(const PlacementProblem& problem, const std::vector<std::vector<int32_t>>& groups,
               std::vector<Bytes> capacity);

  // The items that go with `item`, itself included.
  const std::vector<int32_t>& Unit(int32_t item) const { return units_[unit_of_[item]]; }
  bool CanRun(int32_t item, int32_t device) const;  // the whole unit
  bool Fits(int32_t item, int32_t device) const;    // the whole unit
  Bytes Room(int32_t device) const { return capacity_[device] - resident_[device]; }
  void Place(int32_t item, int32_t device);  // the whole unit

 private:
  Bytes Needed(int32_t item, int32_t device) const;

  const PlacementProblem& problem_;
  std::vector<Bytes> capacity_, resident_;
  std::vector<int32_t> unit_of_;
  std::vector<std::vector<int32_t>> units_;
  std::vector<std::vector<int32_t>> unit_shared_;  // shared memory that a unit touches
  std::vector<std::vector<char>> holds_;           // [shared][device]
};

// Makes a complete solution; `capacity` by device is what it may fill with resident bytes.
using SolutionBuilder = std::function<Solution(const std::vector<Bytes>& capacity)>;

// Calls `build` with the capacities of all devices; where the peak of what it returns exceeds a
// memory, again with less by as much, a few times while `work`, to which it adds, is below `limit`.
// Returns the best of all, feasible or not.
Solution WithinMemory(const PlacementProblem& problem, Evaluator& evaluator,
                      const SolutionBuilder& build, int64_t& work,
                      int64_t limit = std::numeric_limits<int64_t>::max());
// The best feasible solution of several builders, each within memory.
SolveResult BestWithinMemory(const PlacementProblem& problem, Evaluator& evaluator,
                             const std::vector<SolutionBuilder>& builders);

// Where an item may go on a device: into any gap that is long enough, or behind the last item only.
enum class Gaps { kFill, kLeave };

// Items by descending upward rank, each on the device where it ends first; transfers are paid once
// per receiving device and queue on their channels as estimated so far. For throughput each item
// goes where the largest load it touches stays smallest. Devices without memory or route are
// avoided while there are others. Complete, but not always feasible. With gaps filled this is
// Heterogeneous Earliest Finish Time (Topcuoglu, Hariri and Wu, 2002).
Solution ScheduleByRank(const PlacementProblem& problem, const ProblemGraph& graph,
                        const Evaluator& evaluator, RankBy by, Gaps gaps,
                        const std::vector<Bytes>& capacity);

}  // namespace allot
