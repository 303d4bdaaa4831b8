// What `allot explain` prints: a plan and what forced its cuts, or one node of it.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "lowering/plan_file.h"
#include "support/json.h"

namespace allot {

// The node of that name, else the only one whose name contains `text`, else the only one whose
// whole name the pattern matches (name_pattern.h). The error lists some of several, or names that
// are near.
absl::StatusOr<const PlanFile::Node*> FindNode(const PlanFile& plan, const std::string& text);

// Lines of at most 100 columns but for long names.
std::string ExplainPlan(const PlanFile& plan);
std::string ExplainNode(const PlanFile& plan, const PlanFile::Node& node);

Json ExplainPlanJson(const PlanFile& plan);
Json ExplainNodeJson(const PlanFile& plan, const PlanFile::Node& node);

}  // namespace allot
