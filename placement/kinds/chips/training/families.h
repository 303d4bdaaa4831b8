// Models made up to learn from, by family: what published graphs look like, in other sizes.
#pragma once

#include <cstdint>
#include <string>

#include "placement/kinds/chips/model/problem.h"

namespace allot::chips {

enum class Family { kTransformer, kResidual, kBranches, kEncoderDecoder, kLayers };
inline constexpr int kNumFamilies = 5;

struct MadeModel {
  std::string name;
  Problem problem;
};

// One of the family, of a random depth and proportions, over a random number of chips. Copies are
// marked. The same everywhere for a seed.
MadeModel MakeModel(Family family, uint64_t seed);

}  // namespace allot::chips
