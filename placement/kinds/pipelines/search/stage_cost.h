// What a stage costs, for whatever place in a pipeline it gets.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "placement/kinds/pipelines/model/problem.h"

namespace allot::pipelines {

struct StageCost {
  int64_t last_load = 0;   // of a microbatch, in ticks, in the last stage
  int64_t other_load = 0;  // and in others, which may compute activations again
  int64_t update = 0;
  int64_t most_behind = -1;  // stages from it to the last that memory allows; 0: it fits nowhere
  bool split = false;        // over the devices of the width
};

// For one width of a problem, which must outlive it.
class StageCoster {
 public:
  StageCoster(const Problem& problem, const Width& width);

  // Of layers in ascending order. O(layers + their edges).
  StageCost Cost(absl::Span<const int32_t> layers);

 private:
  struct Neighbour {
    int32_t layer;
    size_t edge;
  };
  int64_t Forward(absl::Span<const int32_t> layers) const;
  int64_t Backward(absl::Span<const int32_t> layers, int64_t start) const;
  bool IsInside(int32_t layer) const { return inside_[static_cast<size_t>(layer)] == stage_; }
  const Layer& At(int32_t layer) const { return width_.layers[static_cast<size_t>(layer)]; }

  const Problem& problem_;
  const Width& width_;
  std::vector<std::vector<Neighbour>> before_, after_;  // by layer
  std::vector<int64_t> inside_;                         // the last stage that a layer was in
  int64_t stage_ = 0;
};

}  // namespace allot::pipelines
