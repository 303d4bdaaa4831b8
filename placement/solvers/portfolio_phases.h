// What `auto` runs, as data: phases one after the other, and in each the solvers that run side by
// side. The walk through them is portfolio.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "placement/solver.h"

namespace allot {

// So many of so many equal parts of an amount of work, each rounded down.
struct WorkShare {
  int64_t parts = 1, of = 1;
  int64_t Of(int64_t work) const { return work / of * parts; }
};

struct PortfolioRow {
  std::string solver;  // a name; one that the registry does not know is left out
  SolverRole role = SolverRole::kConstruct;
  WorkShare share = {};          // of what its phase may spend
  size_t most_items = kAnySize;  // left out of larger problems
  std::string options = "";
  uint64_t seed = 0;     // added to that of the limits
  int64_t at_least = 0;  // work, if the limit allows it
  // Where its phase has rounds: its options from the second one on. Rows that have them share the
  // work of each round; the others run in the first round only.
  std::optional<std::string> again = std::nullopt;
};

struct PortfolioPhase {
  // When it runs: whatever is known, until something is proved, or if there is no answer yet.
  enum class When { kAlways, kOpen, kUnanswered };
  When when = When::kOpen;
  // Of all work, for bounds before its rows; not more than `most_for_bounds`.
  WorkShare bounds = {0, 1};
  int64_t most_for_bounds = 0;
  // What the rows take their shares of: the work that others have left, but never less than this
  // share of all.
  WorkShare least = {};
  // Rounds share that equally. In each all rows start from the best so far; the one of those that
  // run again that has found a better answer gets the larger share of the next round.
  int64_t rounds = 1;
  std::vector<PortfolioRow> rows = {};
};

// The table for such a problem.
std::vector<PortfolioPhase> PortfolioPhases(const PlacementProblem& problem);

// Adds the solvers of the registry that say how they take part (PlacementSolver::portfolio()) and
// are not in the table: what constructs after the table's constructions, then, after all the rest,
// a phase of what improves and one of what proves. Entries on request take no part.
void AddVolunteers(const Registry<PlacementSolver>& registry, std::vector<PortfolioPhase>& phases);

}  // namespace allot
