// Names the rules that leave a model no placement, where rules are to blame.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "ir/plan.h"
#include "passes/nodes/device_constraints.h"
#include "passes/problem/built_problem.h"
#include "passes/problem/rule_clash.h"

namespace allot {

// For nodes that must run on one device when none can run them all, and what rules keep together
// with them; exact.
std::optional<RuleClash> ClashAt(const DeviceConstraints& constraints, const Target& target,
                                 const std::vector<ir::NodeId>& nodes);

// For a problem without a placement: `error`, with the rules in front if a flow has no route from
// where its ends may be, or weights that rules bring together do not fit. Both are looked for by
// conditions that every placement meets, so what is named does clash; that nothing is named does
// not mean that no rules do.
absl::Status BlameRules(const absl::Status& error, const DeviceConstraints& constraints,
                        const Target& target, const BuiltProblem& built);

}  // namespace allot
