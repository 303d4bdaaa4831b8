// Finds every tensor that crosses between parts, and what forces it to.
//
// Between devices a cut could go in two ways: its producer moves to the readers, or the readers to
// the producer. An end that cannot move decides: `support` (the device cannot run it, or no route
// leads there), `pin` (a rule keeps it off), `memory` (it would be worth it but does not fit). Of
// two such ends the one that could be lifted is named: pin, memory, support. If either end may
// move, it is the `objective`. Between parts of one device it is a `cycle` if a part elsewhere has
// to run between them, else what joining them would do.
#pragma once

#include <string>
#include <vector>

#include "ir/plan.h"
#include "passes/explaining/moves.h"
#include "passes/nodes/device_constraints.h"
#include "passes/problem/problem_builder.h"

namespace allot {

struct CutCausesInput {
  const ir::Plan& plan;  // with parts
  const Target& target;
  const BuiltProblem& built;
  const DeviceConstraints& constraints;
  Moves* moves = nullptr;  // nullptr: moves are not tried, and of the objective nothing is told
};

// By value, then device of the readers, then part.
std::vector<ir::Cut> FindCuts(const CutCausesInput& input);

}  // namespace allot
