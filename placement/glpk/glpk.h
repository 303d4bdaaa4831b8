// Solves a MilpModel with GLPK. The only door to it: no other file includes its header.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/milp/model.h"

namespace allot {

enum class MilpStatus {
  kOptimal,     // within tolerances
  kFeasible,    // cut off with a solution
  kInfeasible,  // within tolerances
  kCutOff,      // cut off without a solution
};

struct MilpResult {
  MilpStatus status = MilpStatus::kCutOff;
  std::vector<double> values;  // by column, if there is a solution
  double objective = 0;        // of the solution
  // No solution is better, up to tolerances of about 1e-6 relative; -infinity: nothing is known.
  double bound = -kMilpInfinity;
  int64_t nodes = 0;
};

// Branch and bound with hybrid pseudo-cost branching and no cuts, for at most `max_nodes` nodes
// and no time limit: the same model gives the same result. `incumbent` (may be null) is a feasible
// point to start from. Errors: a model that fails Check(), an incumbent that violates it, and
// whatever GLPK itself gives up on, which never ends the process. GLPK keeps its state per thread;
// the state of the calling thread is gone afterwards.
absl::StatusOr<MilpResult> SolveWithGlpk(const MilpModel& model,
                                         const std::vector<double>* incumbent, int64_t max_nodes);

}  // namespace allot
