// The channels between each two devices, by plain index: what loads and simulations look up for
// every transfer.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "placement/problem/problem.h"
#include "support/id_table.h"

namespace allot {

class PairChannels {
 public:
  PairChannels() = default;
  // O(devices^2 * channels per route).
  explicit PairChannels(const PlacementProblem& problem);

  // As PlacementProblem::Channels() lists them. O(1).
  absl::Span<const int32_t> Of(DeviceId from, DeviceId to) const {
    const Range range = ranges_(from, to);
    return absl::MakeConstSpan(channels_.data() + range.begin, range.size);
  }

 private:
  struct Range {
    uint32_t begin = 0, size = 0;
  };
  std::vector<int32_t> channels_;  // of all pairs
  IdTable<DeviceId, DeviceId, Range> ranges_;
};

}  // namespace allot
