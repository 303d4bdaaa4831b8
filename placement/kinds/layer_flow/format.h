// Layer-flow problems and placements as JSON: our schema, which is also the shape in which the
// published instances have been written out. docs/solve.md is the reference.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/formats/problem_json.h"
#include "placement/kinds/layer_flow/value/problem.h"
#include "support/json.h"

namespace allot {

inline constexpr absl::string_view kLayerFlowSchema = "allot.layer-flow/1";
inline constexpr absl::string_view kRoundTripFlag = "max-round-trip";

// By the schema or, where a document says none, by what is in it.
bool RecognizesLayerFlow(const Json& document);

// All errors are found; each says where. What CheckLayerFlow() finds is not looked for.
absl::StatusOr<LayerFlowProblem> ParseLayerFlow(const Json& document, const std::string& file,
                                                const ProblemOptions& question);
std::string PrintLayerFlow(const LayerFlowProblem& problem);

// [[first layer, layers], ...], or an object with that as `placement` or as `published.placement`.
absl::StatusOr<LayerPlacement> ParseLayerPlacement(const Json& json, const std::string& file);
Json LayerPlacementJson(const LayerPlacement& placement);

}  // namespace allot
