#include "placement/solvers/portfolio_phases.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace allot {
namespace {

using When = PortfolioPhase::When;
constexpr SolverRole kConstruct = SolverRole::kConstruct, kImprove = SolverRole::kImprove,
                     kProve = SolverRole::kProve;
constexpr WorkShare kHalf{1, 2}, kQuarter{1, 4};

// Beyond these an exact search only burns its share.
constexpr size_t kSmall = 60, kTiny = 16, kEnumerable = 12;
constexpr int64_t kEnoughToEnumerate = 1'000'000;  // about a tenth of a second
// Beyond the second a bound hardly rises.
constexpr int64_t kLittleForBounds = 100'000, kMostForBounds = 20'000'000;

// Often enough for what a construction solves; the rest waits until there is an answer.
PortfolioPhase FirstBounds() {
  return {.when = When::kAlways, .bounds = {1, 64}, .most_for_bounds = kLittleForBounds};
}

// Where the constructions find nothing, room is scarce: what is small is settled by trying all.
PortfolioPhase AnswerSmall() {
  return {.when = When::kUnanswered,
          .rows = {{.solver = "brute-force",
                    .role = kProve,
                    .share = kQuarter,
                    .most_items = kEnumerable,
                    .options = "max-items=12",
                    .at_least = kEnoughToEnumerate}}};
}

// One search that does everything, from three seeds, two of them side by side.
std::vector<PortfolioPhase> PlaceCalls() {
  return {FirstBounds(),
          {.when = When::kAlways,
           .bounds = kQuarter,
           .most_for_bounds = kMostForBounds,
           .rows = {{"single-device", kConstruct}}},
          AnswerSmall(),
          {.rows = {{"calls", kImprove, kHalf},
                    {.solver = "calls", .role = kImprove, .share = kQuarter, .seed = 1}}},
          {.rows = {{.solver = "calls", .role = kImprove, .share = kQuarter, .seed = 2}}}};
}

// Throughput. A solver for chains stops early or proves the optimum, so it may take all; the others
// share what it leaves, but never less than half. Where channels count, too, annealing of loads is
// one search among others.
std::vector<PortfolioPhase> BalanceLoads(bool channels) {
  PortfolioRow moves{
      .solver = "local-search", .role = kImprove, .share = kQuarter, .options = "restarts=1"};
  PortfolioRow other_moves = moves;
  other_moves.seed = 1;
  PortfolioRow last_moves = moves;
  last_moves.share = kHalf;
  last_moves.seed = 2;
  return {FirstBounds(),
          {.when = When::kAlways,
           .rows = {{"single-device", kConstruct},
                    {"greedy", kConstruct},
                    {"heft", kConstruct},
                    {"peft", kConstruct},
                    {"m-etf", kConstruct},
                    {"m-sct", kConstruct}}},
          AnswerSmall(),
          {.bounds = kHalf,
           .most_for_bounds = kMostForBounds,
           .rows = {{"chain-dp", kProve}, {"downset-dp", kProve}}},
          {.rows = {{"load-anneal", kImprove, channels ? kQuarter : WorkShare{3, 4}}}},
          {.least = kHalf,
           .rows = {{"modular", kImprove, kQuarter},
                    std::move(moves),
                    std::move(other_moves),
                    {"branch-bound", kProve, kQuarter, kSmall},
                    {"milp", kProve, kQuarter, kTiny}}},
          // What others have left, and always a quarter.
          {.least = kQuarter,
           .rows = {{.solver = "modular", .role = kImprove, .share = kHalf, .seed = 2},
                    std::move(last_moves)}}};
}

// The latency of single items: constructions, then the chain of modules with half of the work, then
// improvement in rounds, by large windows and by single moves.
std::vector<PortfolioPhase> PlaceItems() {
  return {FirstBounds(),
          {.when = When::kAlways,
           .rows = {{"single-device", kConstruct},
                    {"greedy", kConstruct},
                    {"priority-greedy", kConstruct},
                    {"heft", kConstruct},
                    {"peft", kConstruct}}},
          AnswerSmall(),
          {.bounds = kHalf, .most_for_bounds = kMostForBounds},
          {.rows = {{"chain-dp", kProve, kHalf}, {"downset-dp", kProve}}},
          {.least = kHalf,
           .rounds = 4,
           .rows = {{.solver = "modular", .role = kImprove, .again = "build=false"},
                    {.solver = "local-search",
                     .role = kImprove,
                     .options = "restarts=1",
                     .again = "restarts=1"},
                    {"branch-bound", kProve, {}, kSmall},
                    {"milp", kProve, {}, kTiny}}}};
}

bool IsInTable(const std::vector<PortfolioPhase>& phases, const std::string& solver) {
  return std::any_of(phases.begin(), phases.end(), [&](const PortfolioPhase& phase) {
    return std::any_of(phase.rows.begin(), phase.rows.end(),
                       [&](const PortfolioRow& row) { return row.solver == solver; });
  });
}

// The last phase with a construction of the table.
PortfolioPhase* Constructions(std::vector<PortfolioPhase>& phases) {
  PortfolioPhase* last = nullptr;
  for (PortfolioPhase& phase : phases) {
    if (!phase.rows.empty() && phase.rows[0].role == kConstruct) last = &phase;
  }
  return last;
}

}  // namespace

std::vector<PortfolioPhase> PortfolioPhases(const PlacementProblem& problem) {
  if (problem.execution == Execution::kCalls) return PlaceCalls();
  if (problem.objective == PlacementObjective::kLatency) return PlaceItems();
  return BalanceLoads(problem.num_channels > 0 && problem.communication != Communication::kDelay);
}

void AddVolunteers(const Registry<PlacementSolver>& registry, std::vector<PortfolioPhase>& phases) {
  PortfolioPhase constructing, improving, proving;
  for (const Entry<PlacementSolver>& entry : registry.entries()) {
    if (entry.on_request || IsInTable(phases, entry.name)) continue;
    const absl::StatusOr<std::unique_ptr<PlacementSolver>> solver = entry.make("");
    if (!solver.ok()) continue;
    const std::optional<PortfolioPart> part = (*solver)->portfolio();
    if (!part.has_value()) continue;
    PortfolioPhase& phase = part->role == kConstruct ? constructing
                            : part->role == kImprove ? improving
                                                     : proving;
    phase.rows.push_back({.solver = entry.name,
                          .role = part->role,
                          .share = {std::clamp(part->percent, 1, 100), 100},
                          .most_items = part->most_items});
  }
  if (PortfolioPhase* const constructions = Constructions(phases)) {
    for (PortfolioRow& row : constructing.rows) constructions->rows.push_back(std::move(row));
  }
  for (PortfolioPhase* const phase : {&improving, &proving}) {
    if (!phase->rows.empty()) phases.push_back(std::move(*phase));
  }
}

}  // namespace allot
