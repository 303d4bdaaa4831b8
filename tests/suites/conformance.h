// What every solver must do, whatever it is: answers that verify, no answer better than the best
// there is, the same answer again, bounds that hold, work within its limit, and honesty about what
// it did not find.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "placement/solver.h"

namespace allot::testing {

// The best there is, by brute force.
struct Truth {
  std::optional<Solution> solution;  // nullopt: there is none
  Score score;
};
Truth FindTruth(const PlacementProblem& problem, const ProblemGraph& graph);

// What the solver `name` may spend beyond the limit `work`: see docs/placement.md, section 5.
int64_t WorkAllowance(absl::string_view name, const PlacementProblem& problem, int64_t work);

struct Verdict {
  bool refused = false;             // it does not handle such problems
  bool solved = false;              // it has an answer
  std::vector<std::string> faults;  // one line each; none: it does what it must
};

// Asks the solver `name` by Solve(): as given, again on two threads, and again from the best
// solution, which refutes what it should not claim.
Verdict Examine(const PlacementSolver& solver, absl::string_view name,
                const PlacementProblem& problem, const Truth& truth, const SolveLimits& limits);

}  // namespace allot::testing
