// What the studies of solvers share: one solver on one problem, with its cost.
#pragma once

#include <ctime>
#include <string>

#include "absl/status/statusor.h"

#include "placement/solver.h"
#include "tools/program_registries.h"

namespace allot::bench {

struct SolveRun {
  SolveResult result;
  double cpu_s = 0;  // processor time of all threads

  bool found() const { return result.best.has_value(); }
  double value_ms() const { return static_cast<double>(result.score.objective) / 1e9; }
  double bound_ms() const { return static_cast<double>(result.lower_bound.value) / 1e9; }
  // Bound over value: 1 is a proof.
  double ratio() const { return found() ? bound_ms() / value_ms() : 0; }
  bool proved() const { return result.termination == Termination::kOptimal; }
};

inline absl::StatusOr<SolveRun> RunSolver(const std::string& name, const PlacementProblem& problem,
                                          int64_t work, const Solution* incumbent = nullptr) {
  const Registry<PlacementSolver> registry = ProgramRegistries().solvers;
  const Entry<PlacementSolver>* entry = registry.Find(name);
  if (entry == nullptr) return absl::NotFoundError(name + " is not built in");
  ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<PlacementSolver> solver, entry->make(""));
  const ProblemGraph graph = BuildGraph(problem);
  const SolveLimits limits{.work = work, .solvers = &registry};
  const std::clock_t start = std::clock();
  SolveRun run;
  ALLOT_ASSIGN_OR_RETURN(run.result,
                         Solve(*solver, name, SolveInput{problem, graph, limits, incumbent, {}}));
  run.cpu_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return run;
}

// A cell of a Markdown table.
std::string inline Number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

}  // namespace allot::bench
