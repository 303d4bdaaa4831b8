// A graph of layers over equal devices, as a pipeline of stages: each stage is replicated and,
// where its layers can be, split over several devices. Training or inference; what a stage costs is
// a rule that somebody has published (cost_rule.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "placement/kinds/stages/problem/cost_rule.h"

namespace allot {

// Bytes are held in thousandths: published files have fractions of them.
using Millibytes = int64_t;
inline constexpr int64_t kMillibytesPerByte = 1000;
// The largest quantity of them that a problem may have: 4 PB.
inline constexpr Millibytes kMaxMillibytes = 4'000'000'000'000'000'000;
inline constexpr int64_t kMaxStageDevices = 1 << 16;
inline constexpr size_t kMostLayers = 20'000;
inline constexpr int64_t kMaxTicksPerSecond = 1'000'000'000'000'000;

// What a layer sends besides its tensors when its neighbour is in another stage: the collectives of
// split layers.
struct BoundarySync {
  int32_t neighbour = 0;
  Millibytes bytes = 0;

  friend bool operator==(const BoundarySync&, const BoundarySync&) = default;
};

// A way to run a layer: as it is, with its activations recomputed.
struct LayerVariant {
  std::string name;
  int64_t time = 0;           // ticks for a sample, forward and backward, one device of the width
  Millibytes parameters = 0;  // to be synchronised between replicas
  Millibytes per_in_flight = 0;             // memory for each sample in flight
  Millibytes resident = 0;                  // memory, however many
  std::vector<BoundarySync> before, after;  // by neighbour, ascending

  friend bool operator==(const LayerVariant&, const LayerVariant&) = default;
};

struct LayerWidth {
  int64_t devices = 1;  // that the layer is split over
  std::vector<LayerVariant> variants;

  friend bool operator==(const LayerWidth&, const LayerWidth&) = default;
};

struct StageLayer {
  std::string name;
  std::vector<LayerWidth> widths;  // ascending

  friend bool operator==(const StageLayer&, const StageLayer&) = default;
};

struct LayerEdge {
  int32_t from = 0, to = 0;
  Millibytes bytes = 0;

  friend bool operator==(const LayerEdge&, const LayerEdge&) = default;
};

struct StagesProblem {
  CostRule rule = CostRule::kPiper;
  int64_t devices = 1;
  bool has_memory = false;
  Millibytes memory = 0;  // of a device, if has_memory
  int64_t bandwidth = 1;  // bytes per second
  int64_t samples = 1;    // microbatches in a batch; replicas divide it under kPiper
  int64_t ticks_per_second = kMaxTicksPerSecond;
  std::vector<StageLayer> layers;
  std::vector<LayerEdge> edges;
  std::vector<std::vector<int32_t>> together;  // share a stage: forward and backward of a layer

  friend bool operator==(const StagesProblem&, const StagesProblem&) = default;
};

// A stage: in the order of the layers, ascending, the number of the variant of each.
struct PipelineStage {
  std::vector<int32_t> layers;
  std::vector<int32_t> variants;
  int64_t width = 1;
  int64_t replicas = 1;

  friend bool operator==(const PipelineStage&, const PipelineStage&) = default;
};

using StagePlan = std::vector<PipelineStage>;  // as samples pass them

// The numbers of the layers so that all edges lead forward, the smallest first where there is a
// choice; fewer than there are if there is a cycle. O(layers log layers + edges).
std::vector<int32_t> TopologicalLayers(const StagesProblem& problem);

// What so many millibytes take at the bandwidth, times `factor` / `divided_by`, in whole ticks,
// rounded half up, and 2^62 at most.
int64_t TransferTicks(const StagesProblem& problem, Millibytes bytes, int64_t factor,
                      int64_t divided_by);

// The rules of a problem: everything named exists, nothing is negative, edges have no cycle, and
// all sums that a plan can have fit. One error.
absl::Status CheckStages(const StagesProblem& problem);

// All that a plan's loads can be made of, in ticks, and whether all sums that solvers make of it
// fit.
double LargestTicks(const StagesProblem& problem);
bool TicksFit(const StagesProblem& problem);
// No time of a problem is longer.
inline constexpr double kMostTicks = 4503599627370496.0;  // 2^52

}  // namespace allot
