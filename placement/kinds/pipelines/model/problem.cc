#include "placement/kinds/pipelines/model/problem.h"

#include <algorithm>
#include <cmath>

#include "support/status.h"

namespace allot::pipelines {
namespace {

absl::Status CheckEdges(const Problem& problem) {
  const auto layers = static_cast<int32_t>(problem.names.size());
  for (size_t e = 0; e < problem.edges.size(); ++e) {
    const auto [from, to] = problem.edges[e];
    if (from < 0 || to >= layers) return InputError("edge ", e, " leads to or from no layer");
    if (from >= to) {
      return InputError("edge ", e, " leads from layer ", from, " to ", to, ", not forward");
    }
    if (e > 0 && problem.edges[e - 1] >= problem.edges[e]) {
      return InputError("edge ", e, " is there twice, or not in ascending order");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWidth(const Problem& problem, const Width& width) {
  if (width.devices < 1 || width.devices > kMostDevices) {
    return InputError("must be 1 to ", kMostDevices, " devices");
  }
  if (width.layers.size() != problem.names.size()) {
    return InputError("has ", width.layers.size(), " layers, not ", problem.names.size());
  }
  if (width.transfers.size() != problem.edges.size()) {
    return InputError("has ", width.transfers.size(), " transfers, not ", problem.edges.size());
  }
  for (size_t i = 0; i < width.layers.size(); ++i) {
    const Layer& layer = width.layers[i];
    const int64_t least = std::min(
        {layer.forward, layer.backward, layer.state, layer.activations, layer.update, int64_t{0}});
    if (least < 0) return InputError("layer ", problem.names[i], " has a negative number");
    if (layer.split && width.devices == 1) {
      return InputError("layer ", problem.names[i], " is split over a single device");
    }
  }
  for (const Transfer& transfer : width.transfers) {
    if (transfer.ticks < 0 || transfer.memory < 0) return InputError("a transfer is negative");
  }
  return absl::OkStatus();
}

}  // namespace

LargestSums SumsOf(const Problem& problem) {
  LargestSums largest;
  const auto layers = static_cast<double>(problem.names.size());
  for (const Width& width : problem.widths) {
    double load = 0, update = 0, state = 0, kept = 0;
    for (const Layer& layer : width.layers) {
      load += 2.0 * static_cast<double>(layer.forward) + static_cast<double>(layer.backward);
      update += static_cast<double>(layer.update);
      state += static_cast<double>(layer.state);
      kept += static_cast<double>(layer.activations);
    }
    for (const Transfer& transfer : width.transfers) {
      load += 2.0 * static_cast<double>(transfer.ticks);
      kept += static_cast<double>(transfer.memory);
    }
    const double batches = static_cast<double>(problem.microbatches) + layers;
    largest.ticks = std::max(largest.ticks, load * batches + update);
    largest.memory = std::max(largest.memory, state + kept * (layers + 1));
  }
  return largest;
}

absl::Status Check(const Problem& problem) {
  if (problem.devices < 1 || problem.devices > kMostDevices) {
    return InputError("there must be 1 to ", kMostDevices, " devices, not ", problem.devices);
  }
  if (problem.microbatches < 1 || problem.microbatches > kMostMicrobatches) {
    return InputError("there must be 1 to ", kMostMicrobatches, " microbatches, not ",
                      problem.microbatches);
  }
  if (problem.memory < 0) return InputError("memory is negative");
  if (problem.ticks_per_second < 1) return InputError("there must be a tick per second");
  if (problem.names.empty() || problem.names.size() > kMostLayers) {
    return InputError("there must be 1 to ", kMostLayers, " layers, not ", problem.names.size());
  }
  if (problem.widths.empty()) return InputError("there is no tensor width");
  ALLOT_RETURN_IF_ERROR(CheckEdges(problem));
  for (size_t w = 0; w < problem.widths.size(); ++w) {
    ALLOT_RETURN_IF_ERROR(CheckWidth(problem, problem.widths[w]), "width ",
                          problem.widths[w].devices, ": ");
    if (w > 0 && problem.widths[w - 1].devices >= problem.widths[w].devices) {
      return InputError("widths must ascend");
    }
  }
  const LargestSums sums = SumsOf(problem);
  if (!(sums.ticks <= kLargestSum)) return InputError("times are too long for whole ticks");
  if (!(sums.memory <= kLargestSum)) return InputError("amounts of memory are too large");
  return absl::OkStatus();
}

Plan FixedPlan(const Problem& problem, const FixedStrategy& strategy) {
  Plan plan;
  plan.tensor = strategy.tensor;
  plan.data = strategy.data;
  const auto layers = static_cast<int64_t>(problem.names.size());
  const int64_t stages = std::clamp<int64_t>(strategy.pipeline, 1, layers);
  const int64_t blocks = std::clamp<int64_t>(strategy.transformer_layers, 0, layers);
  const int64_t in_each = std::max<int64_t>(1, (blocks + stages - 1) / stages);
  plan.stages.resize(static_cast<size_t>(stages));
  for (Stage& stage : plan.stages) stage.devices = strategy.tensor;
  for (int64_t i = 0; i < layers; ++i) {
    const int64_t at = i < blocks ? std::min(i / in_each, stages - 1) : stages - 1;
    plan.stages[static_cast<size_t>(at)].layers.push_back(static_cast<int32_t>(i));
  }
  return plan;
}

}  // namespace allot::pipelines
