// A problem while it is read: seconds and bytes, until everything is known that says how fine ticks
// and units of memory may be.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/kinds/pipelines/model/problem.h"

namespace allot::pipelines {

struct DraftLayer {
  double parameters = 0, activations = 0;  // bytes
  double forward = 0, backward = 0;        // seconds
  bool split = false;
  double forward_moves = 0, backward_moves = 0;  // bytes, besides the seconds
};

struct DraftWidth {
  int64_t devices = 1;
  std::vector<DraftLayer> layers;
  std::vector<double> bytes;  // of the edges
};

struct Draft {
  double memory = 0;     // bytes of a device
  double bandwidth = 1;  // bytes per second
  int64_t devices = 1, microbatches = 1;
  bool recompute = false, adam = false;
  std::vector<std::string> names;
  std::vector<std::pair<int32_t, int32_t>> edges;
  std::vector<DraftWidth> widths;
  std::optional<FixedStrategy> fixed;
};

// The flags of the kind.
inline constexpr char kAsFlag[] = "as";
inline constexpr char kDevicesFlag[] = "devices";
inline constexpr char kMemoryFlag[] = "memory";
inline constexpr char kBandwidthFlag[] = "bandwidth";
inline constexpr char kRecomputeFlag[] = "recompute";

// With what was asked beside the file. Layers come in a topological order, the first ones of the
// draft first; ticks and units of memory are the finest powers of ten for which all sums fit.
// Errors name the flag, or say that the layers are on a cycle.
absl::StatusOr<Problem> FinishDraft(Draft draft, const std::map<std::string, std::string>& flags);

}  // namespace allot::pipelines
