// A cost model in C (cost_model_plugin.h) as one of ours.
#pragma once

#include "absl/status/statusor.h"

#include "api/cost_model_plugin.h"
#include "support/registry.h"
#include "target/cost_model.h"

namespace allot {

// `plugin` and what it points to must outlive the entry and all that it makes. Errors: another
// interface than ours, a member that is missing.
absl::StatusOr<Entry<CostModel>> CCostModelEntry(const AllotCostModelPlugin* plugin);

}  // namespace allot
