// Improves a placement on the objective that counts: parts, with their launches and waits. The
// solvers of `place` only see a stand-in for those. Small problems are solved exactly; larger ones
// are searched from the placement at hand, so the result is never worse.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/block_answer.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/forced_answer.h"
#include "passes/problem/requirements.h"
#include "passes/problem/search_points.h"
#include "passes/problem/start_plan.h"
#include "placement/exact/exact_parts.h"
#include "placement/lanes/migration.h"
#include "placement/parts/ordered_cuts.h"
#include "placement/parts/parts.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/refinement/search_parts.h"
#include "support/status.h"

namespace allot {
namespace {

struct RefineOptions {
  int64_t work = 0;
  bool exact = true;
  int64_t simplify = 10;
  bool contiguous = false;
  int64_t min_gain = 0;
  bool replicas = true;
  bool limited = false;
  int64_t migration_cost = 0;
  int64_t max_parts = 0;
};

class RefinePass final : public PlanPass {
 public:
  explicit RefinePass(RefineOptions options) : options_(options) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kPlacement; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.work < 0) return InputError("work=", options_.work, " is negative");
    if (options_.simplify < 0) return InputError("simplify=", options_.simplify, " is negative");
    if (options_.max_parts < 0) {
      return InputError("max-parts=", options_.max_parts, " is negative");
    }
    if (options_.migration_cost < 0) {
      return InputError("migration-cost=", options_.migration_cost, " is negative");
    }
    if (options_.min_gain < 0 || options_.min_gain > 1000) {
      return InputError("min-gain=", options_.min_gain, " is not between 0 and 1000");
    }
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    BuiltProblem built = *clusters;
    built.problem.contiguous = options_.contiguous;
    ALLOT_RETURN_IF_ERROR(Search(module, built, plan, context));
    return options_.min_gain > 0 ? LeaveWhole(built, plan) : absl::OkStatus();
  }

 private:
  // Without enough gain over the best device and whole copies, these are the plan.
  absl::Status LeaveWhole(const BuiltProblem& built, ir::Plan& plan) const {
    const PlacementProblem& problem = built.problem;
    if (problem.items.empty() || !plan.summary.has_value()) return absl::OkStatus();
    Lanes whole;
    if (problem.objective == PlacementObjective::kThroughput && options_.replicas) {
      whole = CopiesOf(problem, built.graph);
    }
    if (whole.lanes.empty()) {
      for (const DeviceId d : problem.devices.ids()) {
        PartedSolution alone{{Placement(problem.items.size(), d), built.graph.topological},
                             {IdVector<ItemId, ItemId>(problem.items.size(), ItemId(0)), 1},
                             {}};
        alone.score = EvaluateParts(problem, alone.items, alone.parts);
        if (!alone.score.feasible) continue;
        if (whole.lanes.empty() || Better(alone.score, whole.lanes[0].score)) {
          whole = {{std::move(alone)}, {1}};
        }
      }
    }
    if (whole.lanes.empty()) return absl::OkStatus();
    const Picos value = whole.lanes.size() > 1 ? CombineScores(problem, whole).period
                                               : whole.lanes[0].score.objective;
    const Int128 needed = static_cast<Int128>(value) * (1000 - options_.min_gain);
    if (static_cast<Int128>(plan.summary->value) * 1000 <= needed) return absl::OkStatus();
    plan.summary->solver = whole.lanes.size() > 1 ? "copies" : "single-device";
    plan.summary->value = value;
    for (ir::SearchPoint& point : plan.summary->search) point.value = std::max(point.value, value);
    StoreLanes(whole, plan);
    return absl::OkStatus();
  }

  absl::Status Search(const ir::Module& module, const BuiltProblem& built, ir::Plan& plan,
                      PassContext& context) const {
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kPlacement));
    // Lanes are worth what they are together; one by itself has nothing to be refined for.
    // What was chosen within limits of a stream stays within them.
    const bool stream = built.problem.objective == PlacementObjective::kThroughput;
    if (built.problem.items.empty() || !plan.lanes.empty() || (stream && options_.limited)) {
      return absl::OkStatus();
    }
    const ProblemGraph& graph = built.graph;
    const PartedSolution before =
        Current(built.problem, graph, plan,
                RequireStage(module, plan, context, ir::PlanStage::kParts).ok());
    if (!before.score.feasible) return MisplacedError();
    std::string how;
    bool proved = false;
    // What place has found counts from where place has stopped.
    ir::Summary reached;
    if (plan.summary.has_value()) reached.search = plan.summary->search;
    const int64_t spent = SearchWork(reached);
    const ProgressHook note = [&](Picos value, Picos bound, int64_t work) {
      if (value <= before.score.objective) AddSearchPoint(spent + work, value, 0, reached);
      if (context.progress) context.progress(value, bound, spent + work);
    };
    note(before.score.objective, 0, 0);
    ALLOT_ASSIGN_OR_RETURN(const std::optional<Migration> migration,
                           MigrationAtStart(module, built.problem, graph, plan, context));
    ALLOT_ASSIGN_OR_RETURN(const auto blocks, Analysis<ClusterBlocks>(module, plan, context));
    const int64_t slack = SlackOfRanges(built.problem, *blocks, before, options_.simplify);
    // Parts of the only placement are as place has formed them: a search among so many finds
    // nothing.
    PartedSolution best =
        IsForced(built.problem) || IsNearBound(built.problem, graph, before, slack)
            ? before
            : Improve(built.problem, graph, before, migration.has_value() ? &*migration : nullptr,
                      context, note, how, proved);
    if (best.parts.num_parts > before.parts.num_parts &&
        before.score.objective <= WithBlockSlack(best.score.objective, slack)) {
      best = before;
      how.clear();
    }
    note(best.score.objective, 0, SearchWork(reached) - spent);
    // What was given away for fewer parts, nobody has.
    for (ir::SearchPoint& point : reached.search) {
      point.value = std::max(point.value, best.score.objective);
    }
    if (plan.summary.has_value()) plan.summary->search = reached.search;
    StoreSolution(best, plan);
    if (plan.summary.has_value()) plan.summary->value = best.score.objective;
    context.statistics->Add("improved", Better(best.score, before.score) ? 1 : 0);
    context.statistics->Add("proved", proved ? 1 : 0);
    context.statistics->Add("parts", static_cast<int64_t>(plan.parts.size()));
    if (how.empty()) return absl::OkStatus();
    if (!plan.summary.has_value()) plan.summary.emplace();
    plan.summary->value = best.score.objective;
    plan.summary->search = std::move(reached.search);
    absl::StrAppend(&plan.summary->solver, how);
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<Migration>> MigrationAtStart(const ir::Module& module,
                                                            const PlacementProblem& problem,
                                                            const ProblemGraph& graph,
                                                            const ir::Plan& plan,
                                                            const PassContext& context) const {
    if (options_.migration_cost == 0) return std::nullopt;
    if (context.start == nullptr) return InputError("migration-cost needs a plan to start from");
    const Lanes start = LanesAtStart(*context.start, module, plan, *context.target, problem, graph);
    if (start.lanes.empty()) return std::nullopt;
    return MigrationFrom(problem, start, ValueOf(problem, start), options_.migration_cost);
  }

  static bool IsNearBound(const PlacementProblem& problem, const ProblemGraph& graph,
                          const PartedSolution& solution, int64_t slack) {
    if (slack == 0) return false;
    const std::vector<LowerBound> bounds =
        LowerBounds(problem, graph, Launch::kPerGroup, /*work=*/200'000, solution.score.objective);
    return !bounds.empty() &&
           solution.score.objective <= WithBlockSlack(bounds.front().value, slack);
  }

  static PartedSolution Current(const PlacementProblem& problem, const ProblemGraph& graph,
                                const ir::Plan& plan, bool has_parts) {
    const Solution solution = PlannedSolution(plan);
    if (!has_parts) {
      return FormParts(problem, graph, solution, EffortFor(problem, 4'000'000, 20, 4000));
    }
    PartedSolution current{solution, PlannedParts(plan), {}};
    current.score = EvaluateParts(problem, current.items, current.parts);
    return current;
  }

  static constexpr int64_t kShortRounds = 32'000'000, kSmallestRound = 16;

  // Of one search: enough moves for each pair of clusters to be tried often; about a second at
  // most.
  static int64_t WorkOfSearch(const PlacementProblem& problem) {
    const auto n = static_cast<int64_t>(problem.items.size());
    return std::clamp<int64_t>(SaturatingMultiply(SaturatingMultiply(n, n), 2'000), 4'000'000,
                               30'000'000);
  }

  // `before` or better; `how`: what made it so, `proved`: whether nothing is better.
  PartedSolution Improve(const PlacementProblem& problem, const ProblemGraph& graph,
                         const PartedSolution& before, const Migration* migration,
                         const PassContext& context, const ProgressHook& note, std::string& how,
                         bool& proved) const {
    const std::vector<LowerBound> bounds =
        LowerBounds(problem, graph, Launch::kPerGroup, /*work=*/200'000, before.score.objective);
    if (!bounds.empty() && bounds.front().value >= before.score.objective) {
      proved = true;
      return before;
    }
    PartSearchOptions search;
    search.migration = migration;
    search.max_parts = options_.max_parts;
    // Rounds that double up to it: more work goes on where less has stopped, however little.
    const int64_t whole = WorkOfSearch(problem);
    search.first_round = std::max<int64_t>(whole / kSmallestRound, 1);
    const bool latency = problem.objective == PlacementObjective::kLatency;
    const Picos bound = latency && !bounds.empty() ? bounds.front().value : 0;
    // In a wide graph one search does not settle, nor two; where they are short, four cost little.
    const bool wide = latency && LeavesWideGap(before.score.objective, bound);
    const int64_t rounds = 4 * whole;
    search.work = options_.work > 0 ? options_.work
                  : wide            ? rounds
                                    : std::max(whole, std::min(rounds, kShortRounds));
    // What is then still a quarter above the bound is what the random choices decide most of.
    if (options_.work == 0 && latency) {
      search.more_work = 2 * rounds;
      search.enough = bound + bound / 4;
    }
    search.seed = context.seed;
    search.threads = context.threads;
    search.slack_permille = options_.simplify;
    search.part_price = 5 * options_.simplify;
    search.keep_start = context.start != nullptr;
    search.stop = context.stop;
    if (std::optional<PartedSolution> ranges = BestRanges(problem, graph)) {
      search.by_hand.push_back(*std::move(ranges));
    }
    if (options_.exact && migration == nullptr && options_.max_parts == 0 &&
        problem.items.size() <= kMaxExactPartItems) {
      std::optional<PartedSolution> best = ExactParts(problem, graph, &before, search.work);
      if (best.has_value()) {
        how = "+exact";
        proved = true;
        return *std::move(best);
      }
    }
    const ProgressHook note_bound = [&](Picos value, Picos, int64_t work) {
      note(value, bound, work);
    };
    PartSearchResult found = SearchParts(problem, graph, before, search, note_bound);
    if (BetterWith(migration, found.simple, before)) how = "+refine";
    if (found.simple.score.objective > found.best.score.objective)
      absl::StrAppend(&how, "+simplify");
    return std::move(found.simple);
  }

  RefineOptions options_;
};

}  // namespace

Entry<PlanPass> RefineEntry() {
  return MakeEntry<PlanPass, RefinePass>(
      "refine", "improve the placement at the level of parts",
      OptionSchema<RefineOptions>()
          .Add("work", &RefineOptions::work,
               "effort of the search, about one cluster evaluation each; 0: by size")
          .Add("exact", &RefineOptions::exact, "solve small problems to proven optimality")
          .Add("simplify", &RefineOptions::simplify,
               "thousandths of the value to give away for fewer parts")
          .Add("contiguous", &RefineOptions::contiguous,
               "devices can be put in an order in which nothing leads back")
          .Add("replicas", &RefineOptions::replicas,
               "whether min-gain is over copies that take turns, too")
          .Add("limited", &RefineOptions::limited,
               "leave a stream as it is, within the limits that place was given")
          .Add("max-parts", &RefineOptions::max_parts, "of the plan, at most; 0: any number")
          .Add("migration-cost", &RefineOptions::migration_cost,
               "thousandths of the value of the plan started from that moving all must gain")
          .Add("min-gain", &RefineOptions::min_gain,
               "thousandths that a plan must gain over the model as a whole, on one device or in "
               "copies that take turns, else it is that"));
}

}  // namespace allot
