// The stages of a plan and the tables that each of them fills, as rows: what verifies, drops,
// prints and reads all of a plan goes through them.
#pragma once

#include <array>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "ir/graph.h"
#include "ir/plan.h"

namespace allot::ir {

// In the order in which they are reached. Each is derived from those before it.
enum class PlanStage {
  kGraph,      // nothing of a plan
  kCosts,      // estimate-cost
  kClusters,   // coarsen
  kModules,    // split-modularity
  kPlacement,  // place
  kParts,      // form-parts; place and refine bring parts along
  kSchedule,   // schedule
  kReasons,    // explain
};

// What a table has an entry for.
enum class PlanExtent { kNodes, kValues, kClusters, kAny };

struct PlanTable {
  // In the text form's list of tables that are filled; empty for those that show by themselves.
  absl::string_view name;
  PlanStage stage;
  PlanExtent extent;
  size_t (*size)(const Plan& plan);
  void (*resize)(Plan& plan, size_t size);
};

// All tables, by stage. The summary is none: it says what the search reached, and goes with the
// clusters that it was a search of.
inline constexpr size_t kNumPlanTables = 15;
const std::array<PlanTable, kNumPlanTables>& PlanTables();

// Empties the tables of `stage` and of all later ones, and with clusters the summary.
void DropFrom(PlanStage stage, Plan& plan);

// Whether nothing was decided or measured yet.
bool IsEmpty(const Plan& plan);

// The first table that is neither empty nor has an entry for each of what it is about; nullptr if
// there is none.
const PlanTable* FirstMisfit(const Plan& plan, const Graph& graph);

}  // namespace allot::ir
