// Layers over equal devices as one pipeline that is repeated: the time of a training batch, by the
// placement of PHAZE (Wang et al., Integrated Hardware Architecture and Device Placement Search,
// ICML 2024). One tensor width for all layers, one number of data-parallel copies for all stages.
//
// With d copies of s stages, on N microbatches a batch takes
//   (largest load of a stage) * (ceil(N / d) + s - 1) + (what synchronising the first stage takes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace allot::pipelines {

inline constexpr size_t kMostLayers = 1000;
inline constexpr int64_t kMostDevices = 1 << 20;
inline constexpr int64_t kMostMicrobatches = 1'000'000'000;
// No sum of times or of memory that a plan can have is larger.
inline constexpr double kLargestSum = 1152921504606846976.0;  // 2^60

// A layer at some tensor width. Times are ticks, amounts of memory are units of the problem.
struct Layer {
  int64_t forward = 0, backward = 0;  // of a microbatch
  int64_t state = 0;                  // parameters, gradients, and what the optimizer keeps
  int64_t activations = 0;            // all that it makes, of a microbatch
  int64_t update = 0;                 // to exchange four times its parameters, in ticks
  bool split = false;                 // over as many devices as the width says; else one holds it

  friend bool operator==(const Layer&, const Layer&) = default;
};

// What an edge moves, of a microbatch, when its ends are in different stages.
struct Transfer {
  int64_t ticks = 0, memory = 0;

  friend bool operator==(const Transfer&, const Transfer&) = default;
};

// The layers and edges at a tensor width.
struct Width {
  int64_t devices = 1;
  std::vector<Layer> layers;
  std::vector<Transfer> transfers;

  friend bool operator==(const Width&, const Width&) = default;
};

// A plan by hand, as the published input states one: equal numbers of transformer layers in each
// stage, the layers behind them in the last.
struct FixedStrategy {
  int64_t pipeline = 1, tensor = 1, data = 1, transformer_layers = 0;

  friend bool operator==(const FixedStrategy&, const FixedStrategy&) = default;
};

struct Problem {
  int64_t devices = 1;
  int64_t memory = 0;        // of a device
  int64_t microbatches = 1;  // in a batch
  bool recompute = false;    // activations; then a stage keeps what it has received
  int64_t ticks_per_second = 1'000'000'000'000'000;
  std::vector<std::string> names;                  // of the layers, which edges lead forward in
  std::vector<std::pair<int32_t, int32_t>> edges;  // ascending
  std::vector<Width> widths;                       // ascending
  std::optional<FixedStrategy> fixed;

  friend bool operator==(const Problem&, const Problem&) = default;
};

struct Stage {
  std::vector<int32_t> layers;  // ascending
  int64_t devices = 1;

  friend bool operator==(const Stage&, const Stage&) = default;
};

struct Plan {
  int64_t tensor = 1;  // the width
  int64_t data = 1;    // copies of the pipeline
  std::vector<Stage> stages;

  friend bool operator==(const Plan&, const Plan&) = default;
};

// The largest time and the largest amount of memory that any plan can come to, or more.
struct LargestSums {
  double ticks = 0, memory = 0;
};
LargestSums SumsOf(const Problem& problem);

// The rules: edges lead forward, all widths have all layers, nothing is negative, all sums fit. One
// error.
absl::Status Check(const Problem& problem);

// The plan that the strategy stands for; stages may be empty, and Verify() says so.
Plan FixedPlan(const Problem& problem, const FixedStrategy& strategy);

}  // namespace allot::pipelines
