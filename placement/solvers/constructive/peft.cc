// Predict Earliest Finish Time (Arabnejad and Barbosa, IEEE TPDS 2014): list scheduling that looks
// ahead through a table of the least that can still follow.
#include <algorithm>

#include "placement/solvers/constructive/partial_schedule.h"
#include "support/graph/topo_order.h"
#include "support/id_table.h"

namespace allot {
namespace {

struct PeftOptions {};

// cost[item * D + d]: the least time from the end of an item on device d to the end of the run, if
// every later item had the device it likes best for itself. The published table charges the mean
// transfer wherever devices differ; here the routes are known, so it charges theirs, which is the
// same where all are alike. Where no route leads on, a cost beyond all others. O(flow ends * D^2).
class OptimisticCosts {
 public:
  OptimisticCosts(const PlacementProblem& problem, const ProblemGraph& graph,
                  const Evaluator& evaluator)
      : num_devices_(evaluator.table().num_devices()),
        cost_(problem.items.size(), static_cast<size_t>(num_devices_)) {
    for (auto it = graph.topological.rbegin(); it != graph.topological.rend(); ++it) {
      for (const FlowId flow : graph.outputs[*it]) {
        for (const ItemId to : problem.flows[flow].to) {
          for (int32_t d = 0; d < num_devices_; ++d) {
            Picos& cost = cost_(it->index(), d);
            cost = std::max(cost, Least(evaluator, flow.index(), d, to.index()));
          }
        }
      }
    }
  }

  Picos Of(int32_t item, int32_t d) const { return cost_(item, d); }
  // What the item is ranked by: the mean over all devices.
  Picos Rank(int32_t item) const {
    Int128 sum = 0;
    for (int32_t d = 0; d < num_devices_; ++d) sum += Of(item, d);
    return static_cast<Picos>(sum / num_devices_);
  }

 private:
  static constexpr Picos kDeadEnd = Picos{1} << 61;

  Picos Least(const Evaluator& evaluator, int32_t flow, int32_t from, int32_t item) const {
    Picos least = kDeadEnd;
    for (int32_t d = 0; d < num_devices_; ++d) {
      const Picos time = evaluator.Time(item, d);
      const Picos way = evaluator.table().Time(flow, from, d);
      if (time < 0 || way < 0) continue;
      const Picos delay = d == from ? 0 : evaluator.table().ArrivalDelay(d);
      least = std::min(least, SaturatingAdd(Of(item, d), time + way + delay));
    }
    return least;
  }

  const int32_t num_devices_;
  IdTable<int32_t, int32_t, Picos> cost_;  // [item][device]
};

// Of the items whose predecessors are placed the one of the highest rank, on the device with the
// least sum of its end, gaps filled, and the optimistic cost from there on. For throughput a path
// ahead costs nothing; it only chooses among devices where the largest load touched is the same.
Solution PeftSchedule(const PlacementProblem& problem, const ProblemGraph& graph,
                      const Evaluator& evaluator, const std::vector<Bytes>& capacity) {
  const OptimisticCosts costs(problem, graph, evaluator);
  const bool latency = problem.objective == PlacementObjective::kLatency;
  PartialSchedule schedule(problem, graph, evaluator, capacity, Gaps::kFill);

  std::vector<Picos> ranks;
  for (const ItemId item : problem.items.ids()) ranks.push_back(costs.Rank(item.index()));
  const std::vector<ItemId> by_rank = RankOrder(graph, ranks);
  IdVector<ItemId, size_t> position(by_rank.size());
  for (size_t i = 0; i < by_rank.size(); ++i) position[by_rank[i]] = i;
  // Ranks may rise along a flow, so that they alone are no order.
  const auto rank = BySmallestKey<ItemId>([&](ItemId item) { return position[item]; });
  for (const ItemId item :
       SortTopologically(by_rank, by_rank.size(), SuccessorsIn(graph.successors), rank).order) {
    schedule.Place(item.index(), [&](int32_t d, const PartialSchedule::Spot& spot) {
      const Picos ahead = costs.Of(item.index(), d);
      return latency ? std::pair(SaturatingAdd(spot.end, ahead), spot.end)
                     : std::pair(spot.largest_load, ahead);
    });
  }
  return schedule.Take();
}

class Peft : public PlacementSolver {
 public:
  explicit Peft(PeftOptions) {}

  ProblemFeatures features() const override { return {.staged = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    Evaluator evaluator(*input.facts);
    return BestWithinMemory(input.problem, evaluator, {[&](const std::vector<Bytes>& capacity) {
                              return PeftSchedule(input.problem, input.graph, evaluator, capacity);
                            }});
  }
};

}  // namespace

Entry<PlacementSolver> PeftEntry() {
  return MakeEntry<PlacementSolver, Peft>(
      "peft", "Schedules items by what must still follow them, each where that will end first.",
      OptionSchema<PeftOptions>());
}

}  // namespace allot
