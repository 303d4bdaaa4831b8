#include "placement/kinds/stages/problem/problem.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>

#include "support/status.h"
#include "support/units.h"

namespace allot {
namespace {

absl::Status CheckBytes(Millibytes bytes, absl::string_view what) {
  if (bytes < 0 || bytes > kMaxMillibytes) {
    return InputError(what, " must be 0 to ", kMaxMillibytes / kMillibytesPerByte, " bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckVariant(const StagesProblem& problem, const LayerVariant& variant) {
  if (variant.time < 0) return InputError("its time must not be negative");
  ALLOT_RETURN_IF_ERROR(CheckBytes(variant.parameters, "its parameters"));
  ALLOT_RETURN_IF_ERROR(CheckBytes(variant.per_in_flight, "its memory per sample"));
  ALLOT_RETURN_IF_ERROR(CheckBytes(variant.resident, "its memory"));
  for (const auto* syncs : {&variant.before, &variant.after}) {
    int32_t last = -1;
    for (const BoundarySync& sync : *syncs) {
      if (sync.neighbour <= last || sync.neighbour >= static_cast<int32_t>(problem.layers.size())) {
        return InputError("its neighbours must be layers, each once and ascending");
      }
      last = sync.neighbour;
      ALLOT_RETURN_IF_ERROR(CheckBytes(sync.bytes, "what it sends to a neighbour"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLayer(const StagesProblem& problem, const StageLayer& layer) {
  if (layer.widths.empty()) return InputError("has no way to run");
  int64_t last = 0;
  for (const LayerWidth& width : layer.widths) {
    if (width.devices <= last) return InputError("its widths must be positive and ascending");
    if (width.devices > kMaxStageDevices) {
      return InputError("a width is at most ", kMaxStageDevices, " devices");
    }
    last = width.devices;
    if (width.variants.empty()) return InputError("has a width without a variant");
    for (const LayerVariant& variant : width.variants) {
      ALLOT_RETURN_IF_ERROR(CheckVariant(problem, variant));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<int32_t> TopologicalLayers(const StagesProblem& problem) {
  const size_t n = problem.layers.size();
  std::vector<std::vector<int32_t>> after(n);
  std::vector<int32_t> open(n, 0);
  for (const LayerEdge& edge : problem.edges) {
    after[static_cast<size_t>(edge.from)].push_back(edge.to);
    ++open[static_cast<size_t>(edge.to)];
  }
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> ready;
  for (size_t v = 0; v < n; ++v) {
    if (open[v] == 0) ready.push(static_cast<int32_t>(v));
  }
  std::vector<int32_t> order;
  while (!ready.empty()) {
    const int32_t v = ready.top();
    ready.pop();
    order.push_back(v);
    for (const int32_t w : after[static_cast<size_t>(v)]) {
      if (--open[static_cast<size_t>(w)] == 0) ready.push(w);
    }
  }
  return order;
}

int64_t TransferTicks(const StagesProblem& problem, Millibytes bytes, int64_t factor,
                      int64_t divided_by) {
  constexpr int64_t kLargest = int64_t{1} << 62;
  // 62 + 50 + 3 bits at most.
  const Int128 scaled = static_cast<Int128>(bytes) * problem.ticks_per_second * factor;
  const Int128 rate = static_cast<Int128>(problem.bandwidth) * divided_by * kMillibytesPerByte;
  const Int128 ticks = (scaled + rate / 2) / rate;
  return ticks > kLargest ? kLargest : static_cast<int64_t>(ticks);
}

double LargestTicks(const StagesProblem& problem) {
  const CostRuleFacts facts = FactsOf(problem.rule);
  const auto ticks = [&](double bytes) {
    return bytes / static_cast<double>(kMillibytesPerByte) *
           static_cast<double>(problem.ticks_per_second) / static_cast<double>(problem.bandwidth);
  };
  const double batch = facts.update_per_batch ? static_cast<double>(problem.samples) : 1.0;
  double total = 1;
  for (const StageLayer& layer : problem.layers) {
    double largest = 0;
    for (const LayerWidth& width : layer.widths) {
      for (const LayerVariant& variant : width.variants) {
        double sum = static_cast<double>(variant.time) +
                     ticks(static_cast<double>(facts.update_passes) *
                           static_cast<double>(variant.parameters) / batch);
        for (const auto* syncs : {&variant.before, &variant.after}) {
          for (const BoundarySync& sync : *syncs)
            sum += ticks(2.0 * static_cast<double>(sync.bytes));
        }
        largest = std::max(largest, sum);
      }
    }
    total += largest + 8;
  }
  for (const LayerEdge& edge : problem.edges) {
    total += ticks(4.0 * static_cast<double>(edge.bytes)) + 8;
  }
  return total;
}

bool TicksFit(const StagesProblem& problem) {
  const double largest = LargestTicks(problem);
  return largest < kMostTicks && largest * static_cast<double>(problem.devices) < 0x1.0p61;
}

absl::Status CheckStages(const StagesProblem& problem) {
  if (problem.layers.empty()) return InputError("the problem has no layer");
  if (problem.layers.size() > kMostLayers) {
    return InputError("there are more than ", kMostLayers, " layers; join some");
  }
  if (problem.devices < 1 || problem.devices > kMaxStageDevices) {
    return InputError("devices must be 1 to ", kMaxStageDevices, ", not ", problem.devices);
  }
  if (problem.has_memory) ALLOT_RETURN_IF_ERROR(CheckBytes(problem.memory, "memory"));
  if (problem.bandwidth < 1) return InputError("bandwidth must be at least 1 byte per second");
  if (problem.samples < 1 || problem.samples > (int64_t{1} << 40)) {
    return InputError("samples must be 1 to 2^40");
  }
  if (problem.ticks_per_second < 1 || problem.ticks_per_second > kMaxTicksPerSecond) {
    return InputError("ticks_per_second must be 1 to ", kMaxTicksPerSecond);
  }
  for (size_t v = 0; v < problem.layers.size(); ++v) {
    ALLOT_RETURN_IF_ERROR(CheckLayer(problem, problem.layers[v]), "layer ", v, " (",
                          problem.layers[v].name, "): ");
  }
  const auto n = static_cast<int32_t>(problem.layers.size());
  const auto exists = [n](int32_t v) { return v >= 0 && v < n; };
  for (const LayerEdge& edge : problem.edges) {
    if (!exists(edge.from) || !exists(edge.to)) return InputError("an edge names no layer");
    if (edge.from == edge.to)
      return InputError("an edge leads from layer ", edge.from, " to itself");
    ALLOT_RETURN_IF_ERROR(CheckBytes(edge.bytes, "the bytes of an edge"));
  }
  for (const std::vector<int32_t>& group : problem.together) {
    if (!std::all_of(group.begin(), group.end(), exists)) {
      return InputError("together names no layer");
    }
  }
  if (TopologicalLayers(problem).size() != problem.layers.size()) {
    return InputError("the edges have a cycle");
  }
  Int128 memory = 0;
  for (const StageLayer& layer : problem.layers) {
    Millibytes most = 0;
    for (const LayerWidth& width : layer.widths) {
      for (const LayerVariant& variant : width.variants) {
        most = std::max({most, variant.per_in_flight, variant.resident});
      }
    }
    memory += most;
  }
  if (memory > kMaxMillibytes) {
    return InputError("the layers need more than ", kMaxMillibytes / kMillibytesPerByte,
                      " bytes of memory in all");
  }
  if (!TicksFit(problem)) {
    return InputError(
        "times are too large for so many devices: take fewer ticks_per_second, or larger units");
  }
  return absl::OkStatus();
}

}  // namespace allot
