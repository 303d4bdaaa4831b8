// m-SCT: scheduling for small communication times within memory (Hanen and Munier, 1995; Baechi;
// Jeon et al., SoCC 2020): earliest task first, where an item keeps its device for its favourite
// child, the one that no transfer should hold up.
#include <algorithm>
#include <tuple>

#include "placement/solvers/constructive/earliest_task.h"
#include "placement/solvers/constructive/list_schedule.h"
#include "support/status.h"

namespace allot {
namespace {

struct MSctOptions {
  std::string device;
};

OptionSchema<MSctOptions> Schema() {
  return OptionSchema<MSctOptions>().Add(
      "device", &MSctOptions::device,
      "Where the item goes that can start first: the device of its first 'start', as published for "
      "devices that are alike, or of its first 'end'; empty: tries both");
}

// The favourite child of each item, -1 for none; no two items have the same. The papers take them
// from a linear relaxation that minimises the longest path, where one child of each item and one
// parent of each is free of its transfer. Here they are a greedy matching instead: flow ends by the
// longest path that leads through them, mean times and transfers included, taken while neither side
// has a partner. That frees the same path first and needs no solver; it is not the relaxation's
// optimum. O(m log m) for m flow ends.
std::vector<int32_t> FavouriteChildren(const PlacementProblem& problem, const ProblemGraph& graph,
                                       const Evaluator& evaluator) {
  const std::vector<Picos> behind = UpwardRanks(problem, graph, evaluator.table(), RankBy::kMean);
  const std::vector<Picos> transfers = MeanTransfers(problem, evaluator.table());
  std::vector<Picos> before(problem.items.size());  // the longest path to an item's end
  for (const ItemId item : graph.topological) {
    before[item.index()] += ItemWeight(problem.items[item], RankBy::kMean);
    for (const FlowId flow : graph.outputs[item]) {
      for (const ItemId to : problem.flows[flow].to) {
        Picos& longest = before[to.index()];
        longest = std::max(longest, before[item.index()] + transfers[flow.index()]);
      }
    }
  }
  struct Pair {
    Picos path, transfer;
    int32_t parent, child;
  };
  std::vector<Pair> pairs;
  for (const FlowId flow : problem.flows.ids()) {
    const int32_t from = problem.flows[flow].from.index();
    const Picos transfer = transfers[flow.index()];
    for (const ItemId to : problem.flows[flow].to) {
      pairs.push_back({before[from] + transfer + behind[to.index()], transfer, from, to.index()});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tie(b.path, b.transfer, a.parent, a.child) <
           std::tie(a.path, a.transfer, b.parent, b.child);
  });
  std::vector<int32_t> child(problem.items.size(), -1);
  std::vector<char> taken(problem.items.size());
  for (const Pair& pair : pairs) {
    if (child[pair.parent] >= 0 || taken[pair.child]) continue;
    child[pair.parent] = pair.child;
    taken[pair.child] = 1;
  }
  return child;
}

class MSct : public PlacementSolver {
 public:
  explicit MSct(MSctOptions options) : options_(std::move(options)) {}

  ProblemFeatures features() const override { return {.staged = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<DeviceRule> rules, ParseDeviceRules(options_.device));
    Evaluator evaluator(*input.facts);
    const std::vector<int32_t> favourites =
        FavouriteChildren(input.problem, input.graph, evaluator);
    std::vector<SolutionBuilder> builders;
    for (const DeviceRule rule : rules) {
      builders.push_back([&, rule](const std::vector<Bytes>& capacity) {
        return EarliestTaskFirst(input.problem, input.graph, evaluator, rule, favourites, capacity);
      });
    }
    return BestWithinMemory(input.problem, evaluator, builders);
  }

 private:
  const MSctOptions options_;
};

}  // namespace

Entry<PlacementSolver> MSctEntry() {
  return MakeEntry<PlacementSolver, MSct>(
      "m-sct", "Places whatever can start first, and keeps devices for favourite children.",
      Schema());
}

}  // namespace allot
