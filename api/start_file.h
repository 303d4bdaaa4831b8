// A plan on disk as what a new one starts from.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "lowering/plan_file.h"
#include "passes/problem/start_plan.h"

namespace allot {

// `file` is where the plan comes from, for messages. Parts that have no file of their own are left
// out: what they run goes with its neighbours.
StartPlan StartFrom(const PlanFile& plan, const std::string& file);

}  // namespace allot
