// What `allot diff` and `allot check` print.
#pragma once

#include <string>

#include "support/json.h"
#include "tools/plan_diff.h"

namespace allot {

// Lines of at most 100 columns but for long names; `before` and `after` are what to call the plans.
// Empty if the plans are equal and were made from the same. One moved node takes fewer than ten
// lines if no option changed.
std::string DiffText(const PlanDiff& diff, const PlanFile& before, const PlanFile& after,
                     const std::string& before_name, const std::string& after_name);

// Everything, not shortened.
Json DiffJson(const PlanDiff& diff, const PlanFile& before, const PlanFile& after);

}  // namespace allot
