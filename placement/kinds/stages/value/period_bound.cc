#include "placement/kinds/stages/value/period_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "support/units.h"

namespace allot {
namespace {

constexpr int64_t kCannot = int64_t{1} << 62;

// The least of width * replicas * load, for a layer in stages of that width.
int64_t LeastOf(const StagesProblem& problem, const CompiledStages& stages,
                const CompiledVariant& variant, int64_t width, int64_t period) {
  if (problem.has_memory && variant.Memory(1) > problem.memory) return kCannot;
  // The load is no less than time / replicas.
  const int64_t fewest =
      period == 0 ? 1 : std::max<int64_t>(1, (variant.time + period - 1) / period);
  auto at = std::lower_bound(stages.replicas.begin(), stages.replicas.end(), fewest);
  for (; at != stages.replicas.end() && *at * width <= problem.devices; ++at) {
    const ReplicaWeights weights = WeightsOf(problem.rule, *at);
    if (LoadOf(weights, variant.time, variant.update) > period) continue;
    const Int128 spent = (static_cast<Int128>(weights.time) * variant.time +
                          static_cast<Int128>(weights.update) * variant.update) *
                         *at * width / weights.divisor;
    return spent < kCannot ? static_cast<int64_t>(spent) : kCannot;
  }
  return kCannot;
}

// Whether all devices together have the memory that all layers need at least.
bool MemoryIsEnough(const StagesProblem& problem, const CompiledStages& stages) {
  if (!problem.has_memory) return true;
  Int128 needed = 0;
  for (const std::vector<std::vector<CompiledVariant>>& layer : stages.variants) {
    Int128 least = std::numeric_limits<int64_t>::max();
    for (size_t w = 0; w < stages.widths.size(); ++w) {
      for (const CompiledVariant& variant : layer[w]) {
        least = std::min(least, static_cast<Int128>(variant.Memory(1)) * stages.widths[w]);
      }
    }
    needed += least;
  }
  return needed <= static_cast<Int128>(problem.memory) * problem.devices;
}

}  // namespace

std::vector<int64_t> LeastDeviceTicks(const StagesProblem& problem, const CompiledStages& stages,
                                      const BlockGraph& blocks, int64_t period) {
  std::vector<int64_t> ticks;
  for (const std::vector<int32_t>& layers : blocks.layers) {
    int64_t sum = 0;
    for (const int32_t layer : layers) {
      int64_t least = kCannot;
      for (size_t w = 0; w < stages.widths.size(); ++w) {
        for (const CompiledVariant& variant : stages.variants[static_cast<size_t>(layer)][w]) {
          least = std::min(least, LeastOf(problem, stages, variant, stages.widths[w], period));
        }
      }
      if (least == kCannot) return {};
      sum = SaturatingAdd(sum, least);
    }
    ticks.push_back(sum);
  }
  return ticks;
}

int64_t LeastPeriod(const StagesProblem& problem, const CompiledStages& stages,
                    const BlockGraph& blocks) {
  const auto enough = [&](int64_t period) {
    const std::vector<int64_t> ticks = LeastDeviceTicks(problem, stages, blocks, period);
    if (ticks.empty()) return false;
    int64_t sum = 0;
    for (const int64_t each : ticks) sum = SaturatingAdd(sum, each);
    return static_cast<Int128>(sum) <= static_cast<Int128>(period) * problem.devices;
  };
  int64_t low = 0, high = std::llround(2 * LargestTicks(problem)) + 1;
  if (!MemoryIsEnough(problem, stages) || !enough(high)) return kNoPeriod;
  // What is needed falls as the period grows, and what there is grows with it.
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (enough(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace allot
