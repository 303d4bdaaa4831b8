// Problems of training in the files of Sailor (SOSP 2025): a training configuration with machines
// that are asked for, or a plan that was measured, which says its machines. Profiles, sizes of
// layers and bandwidths lie in other files, beside it or in the folders above.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/training/model/problem.h"
#include "support/json.h"

namespace allot {

// Whether a document is one of the two.
bool IsSailor(const Json& document);

// `flags`: cluster (cluster.h), for a configuration; model, for a plan whose model neither it nor
// the name of its folder tells. A plan whose stages end before the model does asks for these layers
// only. Reads llm_info.json, profiles.json, multizone_bandwidths_het.json and
// basic_cluster_config.json, where the file lies or up to five folders above it, or there in
// configs/, providers/ or simulations/. Errors name the file, and the place in it.
absl::StatusOr<TrainingProblem> ReadSailor(const Json& document, const std::string& file,
                                           const std::map<std::string, std::string>& flags);

}  // namespace allot
