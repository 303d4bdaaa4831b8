// For problems that no exact method reaches: split into modules that exchange little, place them
// one after the other while several ways to hold their live outputs are kept, then solve windows of
// adjacent modules again, exactly, while everything else stays, then move single items.
#include <algorithm>
#include <utility>

#include "placement/search/progress.h"
#include "placement/solver.h"
#include "placement/solvers/constructive/list_schedule.h"
#include "placement/solvers/local_search/local_search.h"
#include "placement/solvers/local_search/windows.h"
#include "placement/solvers/modules/beam.h"
#include "placement/value/evaluator.h"
#include "support/graph/csr_graph.h"
#include "support/graph/modularity.h"
#include "support/status.h"

namespace allot {
namespace {

struct ModularOptions {
  int64_t max_module = 24;
  int64_t window = 12;
  double resolution = 1;
  bool build = true;
};

OptionSchema<ModularOptions> Schema() {
  return OptionSchema<ModularOptions>()
      .Add("max-module", &ModularOptions::max_module,
           "Most items in a module, if the problem comes unsplit")
      .Add("window", &ModularOptions::window, "Items that are placed anew at once (2 to 32)")
      .Add("resolution", &ModularOptions::resolution,
           "Larger makes smaller modules (gamma of the modularity)")
      .Add("build", &ModularOptions::build, "Build a placement even if there is one to start from");
}

class Modular : public PlacementSolver {
 public:
  explicit Modular(ModularOptions options) : options_(options) {}

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const PlacementProblem& problem = input.problem;
    if (options_.max_module < 1) return InputError("max-module must be positive");
    SolveResult result;
    if (problem.items.empty()) {
      result.best = Solution();
      result.termination = Termination::kOptimal;
      return result;
    }
    const std::vector<int32_t> module_of = Modules(input);
    const std::vector<ItemId> by_rank = RankOrder(
        input.graph, UpwardRanks(problem, input.graph, *input.facts->transfers(), RankBy::kMean));
    // Modules one after the other, each by rank; and everything by rank.
    std::vector<ItemId> by_module = by_rank;
    std::stable_sort(by_module.begin(), by_module.end(), [&module_of](ItemId a, ItemId b) {
      return module_of[static_cast<size_t>(a.index())] < module_of[static_cast<size_t>(b.index())];
    });

    Evaluator evaluator(*input.facts);
    const BeamCosts costs(*input.facts);
    const int64_t work = std::max<int64_t>(input.limits.work, 1);
    Progress progress(input.limits.progress);
    Solution best = Start(input, costs, evaluator, by_module, by_rank, work / 4, result.work);
    const auto report = [&] {
      const SearchValue value = evaluator.Value(best);
      progress.Report(value.feasible() ? value.objective : -1, 0, result.work);
    };
    report();
    // Windows that grow, and moves of single items, in turns.
    int64_t window = std::clamp<int64_t>(options_.window, 2, 32);
    uint64_t seed = input.limits.seed;
    while (result.work < work) {
      const SearchValue before = evaluator.Value(best);
      const int64_t left = work - result.work;
      if (problem.objective == PlacementObjective::kLatency) {
        best = ImproveWindows(problem, input.graph, costs.paths, evaluator, best, module_of, window,
                              left * 2 / 3, result.work);
        report();
      }
      if (result.work < work) {
        const int64_t share = std::max<int64_t>((work - result.work) / 2, 1);
        best = SearchLocally(problem, input.graph, evaluator, best, share, seed++, result.work);
        report();
      }
      if (!(evaluator.Value(best) < before)) window = std::min<int64_t>(window + 4, 32);
    }
    if (!evaluator.Value(best).feasible()) return result;
    result.best = std::move(best);
    result.termination = Termination::kFeasible;
    return result;
  }

 private:
  // The best of what is given, what ranks suggest, and beams as wide as about `work` allows.
  Solution Start(const SolveInput& input, const BeamCosts& costs, Evaluator& evaluator,
                 const std::vector<ItemId>& by_module, const std::vector<ItemId>& by_rank,
                 int64_t work, int64_t& spent) const {
    const PlacementProblem& problem = input.problem;
    Solution best = WithinMemory(
        problem, evaluator,
        [&](const std::vector<Bytes>& capacity) {
          return ScheduleByRank(problem, input.graph, evaluator, RankBy::kMean, Gaps::kFill,
                                capacity);
        },
        spent);
    const auto offer = [&](const Solution& other) {
      if (evaluator.Value(other) < evaluator.Value(best)) best = other;
    };
    if (input.incumbent != nullptr) offer(*input.incumbent);
    if (!options_.build && input.incumbent != nullptr) return best;
    for (const std::vector<ItemId>* order : {&by_module, &by_rank}) {
      const int64_t effort = BeamEffort(costs, *order);
      const int64_t width = std::min<int64_t>(work / 2 / effort, 64);
      if (width < 1) continue;
      const int64_t until = spent + work / 2;
      offer(WithinMemory(
          problem, evaluator,
          [&](const std::vector<Bytes>& capacity) {
            spent += width * effort;
            return BeamSchedule(costs, *order, width, capacity);
          },
          spent, until));
    }
    return best;
  }

  // The given modules if they are of use: one per item, dense, with flows that never lead back.
  std::vector<int32_t> Modules(const SolveInput& input) const {
    const PlacementProblem& problem = input.problem;
    std::vector<WeightedEdge> edges;
    bool forward = input.module_of.size() == problem.items.size();
    for (const int32_t module : input.module_of) forward = forward && module >= 0;
    const TransferTable table(problem);
    for (const FlowId id : problem.flows.ids()) {
      const PlacementProblem::Flow& flow = problem.flows[id];
      // What cutting the flow costs at most; one more, so that every edge counts.
      Picos longest = 0;
      for (int32_t from = 0; from < table.num_devices(); ++from) {
        for (int32_t to = 0; to < table.num_devices(); ++to) {
          longest = std::max(longest, table.Time(id.index(), from, to));
        }
      }
      for (const ItemId to : flow.to) {
        edges.push_back({flow.from.index(), to.index(), longest + 1});
        forward = forward && input.module_of[static_cast<size_t>(flow.from.index())] <=
                                 input.module_of[static_cast<size_t>(to.index())];
      }
    }
    const auto n = static_cast<int32_t>(problem.items.size());
    for (const int32_t module : input.module_of) forward = forward && module < n;
    if (forward) return input.module_of;
    ModularityOptions options;
    options.max_size = options_.max_module;
    options.resolution = options_.resolution;
    return AcyclicCommunities(CsrGraph(n, std::move(edges)), {}, options).of;
  }

  const ModularOptions options_;
};

}  // namespace

Entry<PlacementSolver> ModularEntry() {
  return MakeEntry<PlacementSolver, Modular>(
      "modular",
      "Splits by modularity, places modules with a beam, and solves windows again exactly.",
      Schema());
}

}  // namespace allot
