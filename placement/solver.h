// Door 2: what finds placements.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/search/progress.h"
#include "placement/solver_kinds.h"
#include "placement/value/evaluate.h"
#include "placement/value/lower_bound.h"
#include "placement/value/problem_facts.h"
#include "support/registry.h"

namespace allot {

class PlacementSolver;
struct SolveResult;

// What a solver that works in stages has reached after one of them: `best` is there.
using StageHook = std::function<void(const SolveResult& reached)>;

// Work limits rule, not clocks: the same problem, work and seed give the same result everywhere.
struct SolveLimits {
  int64_t work = 1'000'000;  // units of about one item evaluation; how strict: docs/placement.md, 5
  uint64_t seed = 1;
  int threads = 1;  // never changes the result
  // If set, called whenever the best value or bound improves, on any thread but never on two at
  // once. Never changes the result.
  ProgressHook progress = nullptr;
  // If set, called after each stage that has found something better, on the thread that called
  // Solve(): the same calls for any number of threads. Never changes the result.
  StageHook stage = nullptr;
  // If set, asked now and then by solvers of kinds that search long; true ends the search with what
  // it has, and then the result depends on the machine.
  std::function<bool()> stop = nullptr;
  // Those that a portfolio may ask; nullptr: the built-in ones.
  const Registry<PlacementSolver>* solvers = nullptr;
};

enum class Termination { kOptimal, kFeasible, kInfeasible, kNoSolutionFound };
absl::string_view TerminationName(Termination termination);

struct SolveResult {
  Termination termination = Termination::kNoSolutionFound;
  std::optional<Solution> best;  // set iff kOptimal or kFeasible
  Score score;                   // of *best; set by Solve(), never by a solver
  LowerBound lower_bound;        // proven for the item-level objective; value 0 claims nothing
  int64_t work = 0;              // spent
  std::string solver;            // set by Solve(); a portfolio names the winner
};

struct SolveInput {
  const PlacementProblem& problem;
  const ProblemGraph& graph;
  const SolveLimits& limits;
  // A solution to start from, or nullptr. It keeps every rule but may exceed a memory; if it does
  // not, its value is known, and what contradicts it is an error.
  const Solution* incumbent = nullptr;
  // module[i] of each item, if something has split the problem; else empty.
  std::vector<int32_t> module_of;
  // Proved elsewhere; 0: nothing. What reaches it is optimal, and it need not be proved again.
  Picos known_bound = 0;
  // What follows from the problem; a solver always finds them here. Solve() makes them where they
  // are missing, so they are for callers that solve one problem several times.
  const ProblemFacts* facts = nullptr;
};

// What not every solver of items knows what to do with.
struct ProblemFeatures {
  bool staged = false;      // flows through host memory
  bool contiguous = false;  // placements that must be
};

// What a solver is to others that work on the same problem.
enum class SolverRole {
  kConstruct,  // finds a first answer, soon
  kImprove,    // starts from the best so far
  kProve,      // finds the optimum, or bounds it
};

inline constexpr size_t kAnySize = std::numeric_limits<size_t>::max();

// How a solver takes part in `auto` that is not in its table (solvers/portfolio_phases.h).
struct PortfolioPart {
  SolverRole role = SolverRole::kImprove;
  size_t most_items = kAnySize;  // left out of larger problems
  int32_t percent = 25;          // of the limit of work, 1 to 100; on top of what the table spends
};

class PlacementSolver {
 public:
  virtual ~PlacementSolver() = default;
  // The kinds of problems that it takes, and of items those with which features; others do not
  // reach it.
  virtual std::vector<absl::string_view> kinds() const { return {kItemsKind}; }
  virtual ProblemFeatures features() const { return {}; }
  // Asked of a solver with its default options; nullopt: it runs if it is asked for by name.
  virtual std::optional<PortfolioPart> portfolio() const { return std::nullopt; }
  // May assume Check(problem). "Infeasible" is a result, not an error; an error means that the
  // solver does not handle such a problem ("brute-force: 40 items are more than 12").
  virtual absl::StatusOr<SolveResult> Solve(const SolveInput& input) const = 0;
};

// Checks, solves, verifies, scores: the only way other code calls a solver. An answer that only
// exceeds a memory counts as not found. Errors: InvalidArgument for a problem, an incumbent or a
// known bound that cannot be, and for facts of another problem; Unimplemented for a problem that
// the solver does not handle, and for one of a kind that it does not take, as CheckKind() says it;
// what the solver returns; Internal, with the name of the solver, for an answer that breaks any
// other rule and for a bound or a proof that a known answer refutes (claims.h).
absl::StatusOr<SolveResult> Solve(const PlacementSolver& solver, absl::string_view name,
                                  const SolveInput& input);

// Every built-in solver, in the order of placement/solvers/registry.def. What needs another library
// is added by that library: glpk/add_milp_solver.h.
Registry<PlacementSolver> BuiltinSolvers();

}  // namespace allot
