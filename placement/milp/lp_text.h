// Models in the CPLEX LP text format, which every MILP solver reads.
#pragma once

#include <string>

#include "placement/milp/model.h"

namespace allot {

// Rows and columns in their order; numbers in the shortest form that reads back equal; a row with
// two sides becomes two rows, NAME_lo and NAME_up. Ends with a newline. The model must pass
// Check().
std::string PrintLp(const MilpModel& model);

}  // namespace allot
