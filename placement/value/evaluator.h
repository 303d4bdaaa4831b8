// Evaluate() for searches: built once per problem, then a value per solution in linear time and
// without allocation. Agrees with Evaluate(), which is checked by tests.
#pragma once

#include <compare>
#include <memory>
#include <utility>
#include <vector>

#include "placement/problem/problem.h"
#include "placement/value/evaluate.h"
#include "placement/value/peak_memory.h"
#include "placement/value/problem_facts.h"
#include "placement/value/simulation.h"
#include "support/id_table.h"

namespace allot {

// Smaller is better, compared in this order, so that a search leaves what is infeasible first.
struct SearchValue {
  // Items where they cannot run, groups on two devices, missing routes, what is not contiguous.
  int64_t violations = 0;
  Bytes excess = 0;  // bytes beyond memory, summed over devices at their peaks
  Picos objective = 0;
  Picos secondary = 0;  // tells equals apart: the sum over resources of load or of last use

  bool feasible() const { return violations == 0 && excess == 0; }
  friend auto operator<=>(const SearchValue&, const SearchValue&) = default;
};

class Evaluator {
 public:
  // Keeps a reference to the problem, and shares what the facts have made.
  explicit Evaluator(const ProblemFacts& facts);
  Evaluator(const PlacementProblem& problem, const ProblemGraph& graph)
      : Evaluator(ProblemFacts(problem, graph)) {}

  // By plain index: the device of each item, and the items in a topological order.
  SearchValue Value(const int32_t* device, const int32_t* order);
  SearchValue Value(const Solution& solution);

  // Runs the simulation alone; its start and end times by item stay readable. Returns the makespan.
  Picos Simulate(const int32_t* device, const int32_t* order,
                 std::vector<FlatTransfer>* transfers = nullptr);
  const Simulation& simulation() const { return simulation_; }
  // The loads that the last Value() of a throughput problem has seen.
  const ResourceLoads& loads() const { return loads_; }

  // How many items are where they cannot run, or apart from their group, how many consumers have no
  // route, and how many devices keep others from being contiguous.
  int64_t Violations(const int32_t* device);

  // Fills everything; slower than Value().
  Score FullScore(const Solution& solution);

  const TransferTable& table() const { return *table_; }
  const FlatGraph& flat() const { return *flat_; }
  // The time of an item on a device; negative: it cannot run there.
  Picos Time(int32_t item, int32_t device) const { return times_(ItemId(item), DeviceId(device)); }
  const std::vector<std::vector<int32_t>>& groups() const { return groups_; }

 private:
  // How many devices have no place in an order of contiguity.
  int64_t Entangled(const int32_t* device);
  // Violations(), and fills duration_.
  int64_t Prepare(const int32_t* device);
  void AddLoads(const int32_t* device);
  Bytes Excess(const int32_t* device, Picos makespan);
  void Unpack(const Solution& solution);

  const PlacementProblem& problem_;
  std::shared_ptr<const TransferTable> table_;
  std::shared_ptr<const FlatGraph> flat_;
  MemoryModel memory_;
  Simulation simulation_;
  PeakSweep sweep_;
  bool all_routes_ = true;
  bool all_run_anywhere_ = true;
  ItemTimes times_;  // negative: cannot run there
  std::vector<Bytes> workspace_;
  std::vector<std::vector<int32_t>> groups_;
  std::vector<std::pair<int32_t, int32_t>> contiguity_;  // ContiguityPairs, if they matter

  // Scratch.
  IdTable<size_t, size_t, char> leads_;  // [from device][to device]
  std::vector<int32_t> entering_;        // by device
  ResourceLoads loads_;
  std::vector<Picos> duration_, last_use_;
  std::vector<FlatTransfer> transfers_;
  std::vector<int32_t> device_, order_;
  std::vector<int64_t> stamp_;
  int64_t now_ = 0;
};

}  // namespace allot
