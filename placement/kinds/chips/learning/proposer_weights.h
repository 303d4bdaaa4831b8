// What a proposer has learned, as a file: schema "allot.proposer/1".
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot::chips {

struct ProposerWeights {
  std::vector<double> parameters;  // of GraphNet
  double spread = 0;               // of the positions that are tried first
  double levelling = 0;            // how far positions are moved to shares of the work, 0 to 1
  std::string trained_on;          // for people
};

// Errors: another version, features or sizes than this program's, numbers that are none.
absl::StatusOr<ProposerWeights> ReadProposerWeights(absl::string_view text,
                                                    const std::string& file);
std::string PrintProposerWeights(const ProposerWeights& weights);

// Those that come with Allot.
const ProposerWeights& ShippedWeights();

}  // namespace allot::chips
