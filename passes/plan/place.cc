// Decides the device of every cluster, and the order in which each device runs its own.
//
// First what one would do by hand: one device, a chain of ranges, for a stream whole copies that
// take turns. A stream may then be served by several placements in turn (lane_search.h); where that
// is best it is the answer. Else the solver is asked, which sees clusters and a stand-in for the
// cost of launching parts. What it and the baselines find is formed into parts, and the best of all
// at that level is adopted: so the result is never worse than any of them.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "passes/nodes/device_constraints.h"
#include "passes/pipeline/pass.h"
#include "passes/problem/blame_rules.h"
#include "passes/problem/block_answer.h"
#include "passes/problem/candidates.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/forced_answer.h"
#include "passes/problem/memory_needs.h"
#include "passes/problem/place_options.h"
#include "passes/problem/search_points.h"
#include "passes/problem/start_plan.h"
#include "placement/lanes/lane_search.h"
#include "placement/lanes/lanes.h"
#include "placement/lanes/migration.h"
#include "placement/lanes/steady_state.h"
#include "placement/parts/ordered_cuts.h"
#include "placement/parts/part_price.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/refinement/refine_parts.h"
#include "placement/refinement/search_groups.h"
#include "placement/refinement/search_parts.h"
#include "placement/refinement/simplify_parts.h"
#include "placement/solver.h"
#include "support/nearest_name.h"
#include "support/status.h"

namespace allot {
namespace {

// What a pass decides: a placement, or several that take turns.
struct Decision {
  std::string name;
  Lanes lanes;
  Picos value = 0;
};

// What is found by then is worth having; more is better spent on the search of parts.
constexpr int64_t kUsualWork = 500'000, kUsualLoadWork = 4'000'000;

// How much slower than what one would do by hand an answer may be for having fewer parts.
constexpr int64_t kSlackPermille = 10;

Picos WithSlack(Picos value) {
  return value + static_cast<Picos>(static_cast<Int128>(value) * kSlackPermille / 1000);
}

class Placing {
 public:
  Placing(const PlaceOptions& options, const BuiltProblem& built, const ChainOfBlocks& blocks,
          const ir::Module& module, const ir::Plan& plan, PassContext& context)
      : options_(options),
        blocks_(blocks),
        module_(module),
        plan_(plan),
        problem_(built.problem),
        graph_(built.graph),
        context_(context),
        modules_(ModulesOf(plan)),
        part_effort_(EffortFor(problem_, 4'000'000, 20, 4000)),
        met_(problem_, graph_, part_effort_, MostParts()) {
    // A move of loads costs a fraction of a simulated schedule.
    const bool loads = problem_.objective == PlacementObjective::kThroughput;
    limits_.work = options.work > 0 ? options.work : loads ? kUsualLoadWork : kUsualWork;
    limits_.seed = context.seed;
    limits_.threads = context.threads;
    limits_.solvers = context.solvers;
  }

  // Never worse than the start that was handed in, if there is one.
  absl::StatusOr<Decision> Run() {
    if (context_.start != nullptr) TakeStart();
    absl::StatusOr<Decision> decision = Decide();
    if (start_.lanes.empty()) return decision;
    if (migration_.has_value() && start_.lanes.size() == 1) {
      PartedSolution near = SearchParts(problem_, graph_, start_.lanes[0], SearchOptions()).best;
      Decision moved{
          start_.lanes[0].score.objective > near.score.objective ? "start+refine" : "start",
          {{near}, {1}},
          near.score.objective};
      if (!decision.ok() || Cost(moved) <= Cost(*decision)) decision = std::move(moved);
    }
    Decision stay{"start", start_, ValueOf(problem_, start_)};
    const bool better = !decision.ok() || Cost(stay) < Cost(*decision) ||
                        (migration_.has_value() && Cost(stay) == Cost(*decision));
    if (better) {
      Note(stay.value);
      return stay;
    }
    return decision;
  }

  ir::Summary& reached() { return reached_; }
  int64_t work() const { return work_; }

 private:
  // A plan by blocks is the answer where nothing that was found is much better.
  absl::StatusOr<Decision> Decide() {
    if (options_.baselines) ALLOT_RETURN_IF_ERROR(RunBaselines());
    ShowBound();
    BlockPlanOptions by_blocks;
    by_blocks.turns = options_.replicas && !problem_.contiguous;
    by_blocks.latency_limit = options_.latency_limit_us * kPicosPerMicro;
    by_blocks.max_parts = options_.max_parts;
    const bool ask = options_.baselines && context_.start == nullptr;
    BlockAnswer answer(problem_, ask ? blocks_ : ChainOfBlocks(), by_blocks,
                       options_.part_price / 5);
    if (answer.is_chain()) OfferBlocks(answer);
    const bool usual = options_.solver == PlaceOptions().solver;
    absl::StatusOr<Decision> decision =
        usual && answer.Suffices(QuickBound()) ? AsDecision(answer) : Search();
    if (!decision.ok()
            ? answer.plan().has_value()
            : answer.Suffices(decision->value) && answer.IsSimpler(CountParts(decision->lanes))) {
      decision = AsDecision(answer);
    }
    if (decision.ok()) Note(decision->value);
    return decision;
  }

  void OfferBlocks(BlockAnswer& answer) {
    reached_.blocks = answer.num_blocks(), reached_.distinct_blocks = answer.num_distinct();
    context_.statistics->Add("blocks", answer.num_blocks());
    context_.statistics->Add("distinct-blocks", answer.num_distinct());
    reached_.baselines.push_back({"blocks", answer.whole_value()});
    if (answer.plan().has_value() && answer.num_parts() > 1) {
      met_.Offer("blocks", answer.plan()->lanes);
    }
    answer.YieldTo(reached_.baselines, options_.replicas);
  }

  // A single device is called as whoever has found it first.
  Decision AsDecision(const BlockAnswer& answer) const {
    const BlockPlan& plan = *answer.plan();
    if (answer.num_parts() > 1) return {"blocks", plan.lanes, plan.value};
    const std::vector<Candidate>& met = met_.all();
    const auto known = std::find_if(met.begin(), met.end(), [&](const Candidate& other) {
      return other.solution.parts.num_parts == 1 && other.solution.score.objective == plan.value;
    });
    return {known != met.end() ? known->name : "single-device", plan.lanes, plan.value};
  }

  static size_t CountParts(const Lanes& lanes) {
    size_t parts = 0;
    for (const PartedSolution& lane : lanes.lanes) parts += lane.parts.num_parts;
    return parts;
  }

  absl::StatusOr<Decision> Search() {
    const bool stream = problem_.objective == PlacementObjective::kThroughput;
    const bool limits = options_.latency_limit_us > 0 || options_.max_parts > 0;
    bool searched = false;
    if (stream && !problem_.contiguous && (options_.replicas || limits)) {
      std::optional<Decision> decision = TakeTurns();
      // Chains are not all that there is: a placement that was searched for may be better, alone or
      // as one of those that take turns. Where much is left after a search, another one may bring
      // more, unless two have brought nothing.
      for (uint64_t round = 0, idle = 0; round < kRounds && idle < 2; ++round) {
        const Standing before = StandingOf(decision);
        if (!LeavesMuch(before) && (decision.has_value() || !limits)) break;
        if (round == 0 && options_.replicas) {
          searched_ = SearchGroups(problem_, graph_, SearchOptions(), work_);
        }
        limits_.seed = context_.seed + round * kSeedsOfRound;
        ALLOT_RETURN_IF_ERROR(RunSolver());
        searched = true;
        SearchOnePlacement();
        if (round == 0) SearchThinner();
        decision = TakeTurns();
        idle = Priced(StandingOf(decision)) < Priced(before) ? 0 : idle + 1;
      }
      limits_.seed = context_.seed;
      if (decision.has_value()) return *std::move(decision);
      if (limits && met_.best().has_value()) {
        return NothingWithin(options_, met_.best()->solution);
      }
    }
    const bool stop = met_.best().has_value() && (searched || (context_.stop && context_.stop()));
    if (!stop) ALLOT_RETURN_IF_ERROR(RunSolver());
    if (!met_.best().has_value() && !met_.crowded().has_value() && !proven_infeasible_) Repair();
    if (!met_.best().has_value() && met_.crowded().has_value()) {
      Thin();
      if (!met_.best().has_value()) return NothingWithin(options_, met_.crowded()->solution);
    }
    if (!met_.best().has_value()) return DescribeMisfit(problem_, proven_infeasible_);
    const auto& [name, solution] = *met_.best();
    Note(solution.score.objective);
    return Decision{name, {{solution}, {1}}, solution.score.objective};
  }

  void TakeStart() {
    start_ = LanesAtStart(*context_.start, module_, plan_, *context_.target, problem_, graph_);
    if (start_.lanes.empty() || !KeepsLimits(options_, problem_, start_)) {
      start_ = {};
      context_.diagnostics->Warning(context_.start->file,
                                    "does not fit this machine and these limits; not started from");
      return;
    }
    if (options_.migration_cost > 0) {
      migration_ =
          MigrationFrom(problem_, start_, ValueOf(problem_, start_), options_.migration_cost);
      met_.SetMigration(&*migration_);
    }
    met_.Offer("start", start_);
  }

  // The value, and what moving costs.
  Picos Cost(const Decision& decision) const {
    return decision.value + (migration_.has_value() ? migration_->Price(decision.lanes) : 0);
  }

  // Lanes, or a single placement that holds what is asked of one inference; nullopt where one
  // placement is best and may be improved.
  std::optional<Decision> TakeTurns() {
    LaneSearchOptions search;
    search.part_price = options_.part_price;
    search.slack_permille = kSlackPermille;
    search.latency_limit = options_.latency_limit_us * kPicosPerMicro;
    search.max_parts = options_.max_parts;
    search.single = !options_.replicas;
    search.work = options_.work;
    search.enough = WithSlack(SteadyBound());
    std::vector<PartedSolution> known;
    for (const Candidate& candidate : met_.all()) known.push_back(candidate.solution);
    known.insert(known.end(), searched_.begin(), searched_.end());
    if (search.max_parts > 0 && !without_search_.has_value()) {
      // What has more parts is what fewer are made of.
      LaneSearchOptions any = search;
      any.max_parts = 0;
      AddSingle(SearchLanes(problem_, graph_, known, any));
    }
    LaneSearchResult found = SearchLanes(problem_, graph_, known, search);
    AddSingle(found);
    // What needs no search is the same whatever searches find, which later programs start from.
    if (!without_search_.has_value()) {
      without_search_ = found;
    } else if (StillPreferred(*without_search_, found)) {
      found = *without_search_;
    }
    if (found.lanes.lanes.empty()) return std::nullopt;
    const bool limits = search.latency_limit > 0 || search.max_parts > 0;
    if (found.lanes.lanes.size() == 1 && !limits) {
      met_.Adopt(std::move(found.lanes.lanes[0]));
      return std::nullopt;
    }
    const bool copies =
        std::all_of(found.lanes.lanes.begin(), found.lanes.lanes.end(),
                    [](const PartedSolution& lane) { return lane.parts.num_parts == 1; });
    Note(found.score.period);
    const std::string name = copies                         ? "copies"
                             : found.lanes.lanes.size() > 1 ? "lanes"
                                                            : met_.NameOf(found.lanes.lanes[0]);
    return Decision{name, std::move(found.lanes), found.score.period};
  }

  void AddSingle(const LaneSearchResult& found) {
    work_ += found.work;
    if (found.single.has_value()) met_.Offer("ranges", *found.single);
  }

  // Whether the price of parts speaks for what needed no search, which is no slower than the best
  // single placement that is known.
  bool StillPreferred(const LaneSearchResult& before, const LaneSearchResult& found) const {
    const auto priced = [&](const LaneSearchResult& answer) {
      return PricedValue(answer.score.period, static_cast<int64_t>(answer.score.num_parts),
                         options_.part_price);
    };
    const bool as_fast = !met_.best().has_value() ||
                         before.score.period <= WithSlack(met_.best()->solution.score.objective);
    return !before.lanes.lanes.empty() && as_fast && priced(before) <= priced(found);
  }

  // What has been decided, or else the best single placement.
  struct Standing {
    Picos value = 0;
    int64_t num_parts = 0;
  };
  Standing StandingOf(const std::optional<Decision>& decision) const {
    if (decision.has_value()) {
      return {decision->value, static_cast<int64_t>(CountParts(decision->lanes))};
    }
    if (!met_.best().has_value()) return {};
    const PartedSolution& best = met_.best()->solution;
    return {best.score.objective, static_cast<int64_t>(best.parts.num_parts)};
  }
  Int128 Priced(const Standing& standing) const {
    return PricedValue(standing.value, standing.num_parts, options_.part_price);
  }

  // Whether a better answer may be worth looking for: more than a twentieth above what is proved,
  // or, with the price of its parts, above that with a part on each device.
  bool LeavesMuch(const Standing& standing) const {
    if (context_.stop && context_.stop()) return false;
    const Picos bound = SteadyBound();
    const Int128 simplest = Priced({bound, static_cast<int64_t>(problem_.devices.size())});
    const Int128 priced = Priced(standing);
    return bound < standing.value - standing.value / 20 || simplest < priced - priced / 20;
  }

  // Of placements that take turns, and so of any.
  Picos SteadyBound() const {
    if (!steady_bound_.has_value()) {
      steady_bound_ = BoundSteadyState(problem_, kBoundWork, Launch::kPerGroup);
    }
    return *steady_bound_;
  }

  void SearchOnePlacement() {
    if (!met_.best().has_value()) return;
    PartSearchOptions search = SearchOptions();
    if (ranges_.has_value()) search.by_hand.push_back(*ranges_);
    PartSearchResult found = SearchParts(problem_, graph_, met_.best()->solution, search);
    work_ += found.work;
    for (PartedSolution* solution : {&found.best, &found.simple}) {
      met_.Offer(met_.best()->name, std::move(*solution));
    }
  }

  // What fewer parts cost: for whom they are worth it, and for whoever may not have more.
  void SearchThinner() {
    if (!met_.best().has_value()) return;
    const PartSearchOptions search = SearchOptions();
    const ThinPartsOptions thin{options_.max_parts, /*fewest_parts=*/2, search.work / 8,
                                search.seed, search.stop};
    for (PartedSolution& found : ThinParts(problem_, graph_, met_.best()->solution, thin, work_)) {
      searched_.push_back(std::move(found));
    }
  }

  PartSearchOptions SearchOptions() const {
    const auto n = static_cast<int64_t>(problem_.items.size());
    PartSearchOptions search;
    search.work = std::clamp<int64_t>(SaturatingMultiply(SaturatingMultiply(n, n), 2'000),
                                      4'000'000, 16'000'000);
    search.first_round = search.work / 4;
    if (options_.work > 0) search.work = std::min(search.work, options_.work);
    search.seed = limits_.seed;
    search.threads = limits_.threads;
    search.stop = context_.stop;
    search.slack_permille = kSlackPermille;
    if (problem_.objective == PlacementObjective::kThroughput) {
      search.part_price = options_.part_price;
    }
    search.migration = migration_.has_value() ? &*migration_ : nullptr;
    search.max_parts = MostParts();
    return search;
  }

  // What one would do by hand.
  void AddRanges() {
    std::optional<PartedSolution> ranges = BestRanges(problem_, graph_);
    if (!ranges.has_value()) {
      reached_.baselines.push_back({"ranges", std::nullopt});
      return;
    }
    reached_.baselines.push_back({"ranges", ranges->score.objective});
    ranges_ = *std::move(ranges);
    met_.Offer("ranges", *ranges_);
  }
  void AddCopies() {
    const Lanes copies = CopiesOf(problem_, graph_);
    if (copies.lanes.empty()) {
      reached_.baselines.push_back({"copies", std::nullopt});
      return;
    }
    reached_.baselines.push_back({"copies", CombineScores(problem_, copies).period});
  }

  absl::Status RunBaselines() {
    for (const DeviceId device : problem_.devices.ids()) {
      const Solution alone{Placement(problem_.items.size(), device), graph_.topological};
      AddBaseline(absl::StrCat("single:", problem_.devices[device].name), alone);
    }
    AddRanges();
    if (problem_.objective == PlacementObjective::kThroughput) AddCopies();
    for (const char* name : {"greedy", "heft"}) {
      const Entry<PlacementSolver>* entry = context_.solvers->Find(name);
      if (entry == nullptr) continue;  // a program may bring its own solvers only
      ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<PlacementSolver> solver, entry->make(""));
      const absl::StatusOr<SolveResult> result = Solve(*solver, name, Input());
      if (absl::IsInternal(result.status())) return result.status();
      if (result.ok()) work_ += result->work;  // else: not for problems of this kind
      if (result.ok() && result->best.has_value()) {
        AddBaseline(name, *result->best);
      } else {
        reached_.baselines.push_back({name, std::nullopt});
      }
    }
    return absl::OkStatus();
  }

  void AddBaseline(const std::string& name, const Solution& solution) {
    for (const ItemId item : problem_.items.ids()) {
      if (problem_.items[item].time[solution.device_of[item]].has_value()) continue;
      reached_.baselines.push_back({name, std::nullopt});
      return;
    }
    const std::optional<Picos> value = met_.Offer(name, solution);
    reached_.baselines.push_back({name, value});
    if (met_.best().has_value()) Note(met_.best()->solution.score.objective);
  }

  absl::Status RunSolver() {
    const Entry<PlacementSolver>* entry = context_.solvers->Find(options_.solver);
    if (entry == nullptr) {
      const std::vector<std::string> known = context_.solvers->names();
      return InputError("there is no solver '", options_.solver, "'",
                        DidYouMean(options_.solver, known), " (there are ",
                        absl::StrJoin(known, ", "), ")");
    }
    ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<PlacementSolver> solver,
                           entry->make(options_.solver_options), "solver '", options_.solver,
                           "': ");
    limits_.stage = [this](const SolveResult& reached) { NoteStage(reached); };
    ALLOT_ASSIGN_OR_RETURN(const SolveResult result, Solve(*solver, options_.solver, Input()));
    work_ += result.work;
    proven_infeasible_ = result.termination == Termination::kInfeasible;
    if (result.best.has_value()) {
      const std::optional<NamedSolution>& before = met_.best_in_items();
      const bool given = before.has_value() && *result.best == before->solution;
      met_.Offer(given ? std::string(before->name) : result.solver, *result.best);
    }
    return absl::OkStatus();
  }

  // All that was found has too many parts.
  void Thin() {
    const auto& [name, solution] = *met_.crowded();
    PartSearchResult found = SearchParts(problem_, graph_, solution, SearchOptions());
    work_ += found.work;
    met_.Offer(name, std::move(found.best));
  }

  // Nothing found so far fits: starts from every item where it is fastest and makes room.
  void Repair() {
    RefinePartsOptions repair;
    repair.work = limits_.work;
    repair.seed = limits_.seed;
    repair.max_parts = MostParts();
    met_.Offer("repair",
               RefineParts(problem_, graph_,
                           FormParts(problem_, graph_, EachFastest(problem_, graph_), part_effort_),
                           repair));
    work_ += limits_.work;
  }

  SolveInput Input() const {
    return {problem_, graph_, limits_,
            met_.best_in_items() ? &met_.best_in_items()->solution : nullptr, modules_};
  }

  // Of a single placement. A stream's limits are those of all that take turns.
  int64_t MostParts() const {
    return problem_.objective == PlacementObjective::kLatency ? options_.max_parts : 0;
  }

  void Note(Picos value) {
    // A stage may have had better parts by luck. Nobody kept them.
    for (ir::SearchPoint& point : reached_.search) point.value = std::max(point.value, value);
    if (context_.progress) context_.progress(value, bound_, work_);
    AddSearchPoint(work_, value, 0, reached_);
  }

  // What no plan beats.
  Picos QuickBound() const {
    if (problem_.objective == PlacementObjective::kThroughput) return SteadyBound();
    const Picos enough =
        met_.best().has_value() ? met_.best()->solution.score.objective : kMaxPicos;
    const std::vector<LowerBound> bounds =
        LowerBounds(problem_, graph_, Launch::kPerGroup, kBoundWork, enough);
    return bounds.empty() ? 0 : bounds.front().value;
  }

  // For whoever watches. Later passes prove it again, for the plan.
  void ShowBound() {
    if (!context_.progress) return;
    bound_ = QuickBound();
    const std::optional<Candidate>& best = met_.best();
    if (best.has_value()) context_.progress(best->solution.score.objective, bound_, work_);
  }

  // What the plan would be worth if the solver stopped here.
  void NoteStage(const SolveResult& reached) {
    const PartedSolution parted = FormParts(problem_, graph_, *reached.best, part_effort_);
    if (!parted.score.feasible) return;
    Picos value = parted.score.objective;
    if (!reached_.search.empty()) value = std::min(value, reached_.search.back().value);
    AddSearchPoint(work_ + reached.work, value, 0, reached_);
  }

  const PlaceOptions& options_;
  const ChainOfBlocks& blocks_;
  const ir::Module& module_;
  const ir::Plan& plan_;
  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  PassContext& context_;
  const std::vector<int32_t> modules_;
  const int64_t part_effort_;
  SolveLimits limits_;
  static constexpr int64_t kBoundWork = 500'000;
  static constexpr uint64_t kRounds = 3, kSeedsOfRound = 1000;
  Candidates met_;
  std::optional<PartedSolution> ranges_;
  std::optional<LaneSearchResult> without_search_;
  std::vector<PartedSolution> searched_;  // of a part of the machine, or with fewer parts
  Lanes start_;                           // empty: none
  std::optional<Migration> migration_;
  ir::Summary reached_;  // the baselines, the blocks, and how the search went
  bool proven_infeasible_ = false;
  int64_t work_ = 0;
  Picos bound_ = 0;  // as ShowBound() found it
  mutable std::optional<Picos> steady_bound_;
};

class Place final : public PlanPass {
 public:
  explicit Place(PlaceOptions options) : options_(std::move(options)) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kPlacement; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (context.solvers == nullptr) return InputError("needs solvers; none are registered");
    ALLOT_RETURN_IF_ERROR(CheckOptions(options_));
    if (options_.migration_cost > 0 && context.start == nullptr) {
      return InputError("migration-cost needs a plan to start from");
    }
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    BuiltProblem built = *clusters;
    built.problem.launch_on_arrival = true;
    built.problem.contiguous = options_.contiguous;
    plan.summary.emplace();
    plan.summary->objective = context.objective;
    plan.summary->devices.resize(context.target->devices.size());
    if (built.problem.items.empty()) {
      StoreSolution(PartedSolution(), plan);
      return absl::OkStatus();
    }
    if (context.start == nullptr && AsksForNothing(options_) && IsForced(built.problem)) {
      const auto only = ForcedParts(built.problem, built.graph, *plan.summary);
      if (only.has_value()) {
        StoreSolution(*only, plan);
        return absl::OkStatus();
      }
    }
    ALLOT_ASSIGN_OR_RETURN(const auto blocks, Analysis<ClusterBlocks>(module, plan, context));
    Placing placing(options_, built, *blocks, module, plan, context);
    const absl::StatusOr<Decision> found = [&] {
      const ScopedStep step(context, "Search");
      return placing.Run();
    }();
    if (!found.ok()) return Blamed(found.status(), module, plan, context, built);
    StoreLanes(found->lanes, plan);
    plan.summary->value = found->value;
    plan.summary->solver = found->name;
    ir::Summary& reached = placing.reached();
    plan.summary->baselines = std::move(reached.baselines);
    plan.summary->search = std::move(reached.search);
    plan.summary->blocks = reached.blocks, plan.summary->distinct_blocks = reached.distinct_blocks;
    context.statistics->Add("work", placing.work());
    context.statistics->Add("parts", static_cast<int64_t>(plan.parts.size()));
    return absl::OkStatus();
  }

 private:
  // That nothing was found may be the doing of rules; other errors stay as they are.
  static absl::Status Blamed(const absl::Status& error, const ir::Module& module,
                             const ir::Plan& plan, const PassContext& context,
                             const BuiltProblem& built) {
    if (!absl::IsResourceExhausted(error) && !absl::IsFailedPrecondition(error)) return error;
    ALLOT_ASSIGN_OR_RETURN(const auto constraints,
                           Analysis<PlanConstraints>(module, plan, context));
    return BlameRules(error, *constraints, *context.target, built);
  }

  PlaceOptions options_;
};

}  // namespace

Entry<PlanPass> PlaceEntry() {
  return MakeEntry<PlanPass, Place>("place", "decide the device of every cluster",
                                    PlaceOptionSchema());
}

}  // namespace allot
