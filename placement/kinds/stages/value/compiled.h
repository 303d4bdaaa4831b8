// A problem as solvers want it: every time in ticks, links and neighbours by layer.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "placement/kinds/stages/problem/problem.h"

namespace allot {

struct CompiledVariant {
  int64_t time = 0, update = 0;
  Millibytes per_in_flight = 0, resident = 0;
  std::vector<std::pair<int32_t, int64_t>> syncs;  // other layer, ticks if it is in another stage
  int32_t number = 0;                              // in the problem

  // Memory for so many samples in flight, saturated.
  Millibytes Memory(int64_t in_flight) const {
    return SaturatingAdd(SaturatingMultiply(per_in_flight, in_flight), resident);
  }
};

struct CompiledStages {
  std::vector<int64_t> widths;    // that any layer has, ascending
  std::vector<int64_t> replicas;  // that a stage may have, ascending
  // [layer][number of the width]; empty if the layer has no such width.
  std::vector<std::vector<std::vector<CompiledVariant>>> variants;
  std::vector<std::vector<std::pair<int32_t, int64_t>>> links;  // other layer, ticks; both ends
  std::vector<std::vector<int32_t>> before, after;              // neighbours, each once
  bool one_update = true;   // variants of a layer and width differ in time and memory only
  bool limits_sum = false;  // the sum of all replicas is at most samples
  int64_t max_sum = 0;
};

// `problem` has passed CheckStages().
CompiledStages Compile(const StagesProblem& problem);

}  // namespace allot
