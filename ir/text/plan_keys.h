// The names of a plan's attributes. Printing and parsing share them.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "ir/plan.h"

namespace allot::ir::text {

inline constexpr absl::string_view kKernel = "place.kernel";
inline constexpr absl::string_view kCluster = "place.cluster";
inline constexpr absl::string_view kModule = "place.module";
inline constexpr absl::string_view kDevice = "place.device";
inline constexpr absl::string_view kPart = "place.part";
inline constexpr absl::string_view kStart = "place.start_ps";
inline constexpr absl::string_view kEnd = "place.end_ps";
inline constexpr absl::string_view kReason = "place.reason";
inline constexpr absl::string_view kNextDevice = "place.next_device";
inline constexpr absl::string_view kNextValue = "place.next_value_ps";
inline constexpr absl::string_view kStages = "place.stages";
inline constexpr absl::string_view kOrder = "place.order";
inline constexpr absl::string_view kParts = "place.parts";
inline constexpr absl::string_view kTransfers = "place.transfers";
inline constexpr absl::string_view kShare = "place.share";
inline constexpr absl::string_view kLanes = "place.lanes";
inline constexpr absl::string_view kCuts = "place.cuts";
inline constexpr absl::string_view kSummary = "place.summary";
inline constexpr absl::string_view kTraining = "place.training";
inline constexpr absl::string_view kValueBytes = "cost.value_bytes";
inline constexpr absl::string_view kFamily = "cost.family";
inline constexpr absl::string_view kDtype = "cost.dtype";
inline constexpr absl::string_view kName = "cost.name";
inline constexpr absl::string_view kCostOpType = "cost.op_type";
inline constexpr absl::string_view kCostDomain = "cost.domain";
inline constexpr absl::string_view kShapeWork = "cost.integer_shape_work";

inline constexpr std::array<std::pair<absl::string_view, int64_t OpFeatures::*>, 5> kCounts = {{
    {"cost.flops", &OpFeatures::flops},
    {"cost.launches", &OpFeatures::launches},
    {"cost.read", &OpFeatures::read},
    {"cost.weights", &OpFeatures::weights},
    {"cost.written", &OpFeatures::written},
}};

inline constexpr std::array<OpFamily, 7> kFamilies = {
    OpFamily::kNone,     OpFamily::kMatrix,  OpFamily::kElementwise, OpFamily::kReduction,
    OpFamily::kMovement, OpFamily::kControl, OpFamily::kOther};

inline constexpr std::array<Objective, 2> kObjectives = {Objective::kLatency,
                                                         Objective::kThroughput};

inline constexpr std::array<CutCause, 5> kCutCauses = {
    CutCause::kSupport, CutCause::kMemory, CutCause::kPin, CutCause::kObjective, CutCause::kCycle};

// What at a node shows that a table of the plan (plan_stages.h) has been filled. The text names the
// tables apart all the same, since nodes that travel with their users show nothing.
inline constexpr std::array<std::pair<absl::string_view, absl::string_view>, 10> kShownBy = {{
    {"features", kFamily},
    {"value_bytes", kValueBytes},
    {"kernels", kKernel},
    {"clusters", kCluster},
    {"modules", kModule},
    {"devices", kDevice},
    {"part_of", kPart},
    {"node_times", kStart},
    {"reasons", kReason},
    {"alternatives", kNextDevice},
}};

// Inputs, captures and initializers: values without a node that could carry their size.
inline std::vector<ValueId> SourceValues(const Graph& graph) {
  std::vector<ValueId> values = graph.inputs();
  values.insert(values.end(), graph.captures().begin(), graph.captures().end());
  values.insert(values.end(), graph.initializers().begin(), graph.initializers().end());
  return values;
}

}  // namespace allot::ir::text
